"""One run on a page: how it stands, what it may spend, what it waits for, and every step with what it took."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic_core import to_json
from rich.text import Text

from mainspring.cli.stored.answers import answers
from mainspring.cli.stored.looking import Looked, is_cut_off
from mainspring.cli.stored.store import typed
from mainspring.cli.views.budget import budget_document, budget_lines, window_text
from mainspring.cli.views.happenings import Teller, driver_text
from mainspring.cli.views.run import call_text, result_lines
from mainspring.cli.views.screen import ACCENT, Screen, harmless
from mainspring.cli.views.times import age_text, clock_text, seconds_text
from mainspring.core import Entry, Event, JsonObject
from mainspring.core.events import EffectFailed, Failed, Finished, HumanAnswered, ModelReplied, ToolReturned
from mainspring.runs import Pending, RunRow
from mainspring.runs.by_step import CallEntries, StepEntries, by_step
from mainspring.runs.ledger import Balance

_WORTH_TELLING_S: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything there is to show of a run."""

    run: Looked
    budgets: Sequence[Balance]
    pending: Sequence[Pending]
    children: Sequence[RunRow]
    store: str | None
    """What the person called the store."""

    @property
    def document(self) -> JsonObject:
        """What a program is told."""
        return {
            **self.run.document,
            "budgets": [budget_document(balance) for balance in self.budgets],
            "pending": [item.id for item in self.pending],
            "children": [child.id for child in self.children],
        }


def draw_page(out: Screen, page: Page) -> None:
    """Draw the page."""
    _draw_header(out, page)
    steps = by_step(page.run.entries)
    drawer = _Drawer(out, page.run.history.ended)
    drawer.rest(steps.before)
    for step in steps.steps:
        drawer.step(step)
    _draw_end(out, page)
    fork = typed(page.store, "runs", "fork", page.run.row.id, "--at", "N")
    out.line(f"\n#N is the number of an event: {fork}", style="dim")


def _draw_header(out: Screen, page: Page) -> None:
    run, row = page.run, page.run.row
    state, style = run.state
    out.line(Text.assemble((row.id, "bold"), "  ", (state, style)))
    out.say("asked", run.asked)
    out.say("agent", f"{row.agent} on {run.started.model if run.started else 'no model'}")
    out.say("begun", f"{clock_text(row.created_at)}, {age_text(time.time() - row.created_at)} ago")
    out.say("used", run.tally.words)
    for balance in page.budgets:
        is_own = balance.id == f"run:{row.id}"
        name = "" if is_own else ", ".join(filter(None, (balance.id, window_text(balance))))
        lines = [*([Text(name, "dim")] if name else []), *budget_lines(balance)]
        out.say("budget", Text("\n").join(lines))
    if row.driver is not None:
        gone = ", which is gone" if is_cut_off(row) else ""
        out.say("driver", f"{driver_text(row.driver)}{gone}")
    if row.parent is not None:
        out.say("parent", row.parent)
    if run.history.submitted is not None and run.history.submitted.forked_from is not None:
        source, _, seq = run.history.submitted.forked_from.rpartition(":")
        out.say("forked", f"from {source} at event {seq}")
    if page.children:
        out.say("children", "\n".join(f"{child.id}  {child.agent}, {child.status}" for child in page.children))
    if row.due_at is not None and not row.has_ended:
        out.say("due", clock_text(row.due_at))


def _draw_end(out: Screen, page: Page) -> None:
    match page.run.history.ended:
        case Finished(output=output):
            out.line()
            text = output if isinstance(output, str) else to_json(output, indent=2).decode()
            out.say("answer", text, label_style=f"bold {ACCENT}")
        case Failed(error=error, message=message):
            out.line()
            out.say("failed", f"{error}: {message}", label_style="red")
        case _:
            pass
    for item in page.pending:
        out.line()
        whose = "" if item.run == page.run.row.id else f"{item.run}: "
        out.say("waits", f"{whose}{item.question}", label_style="bold yellow")
        for command, _ in answers(item, page.store):
            out.line(f"  {command}", style="dim")


class _Drawer:
    """Draws steps."""

    def __init__(self, out: Screen, end: Event | None) -> None:
        self._out = out
        self._end = end
        self._teller = Teller()
        self._failure = ""

    def step(self, step: StepEntries) -> None:
        """Draw a step: the thought, then each call with what came of it."""
        self._out.line()
        self._out.line(_title(step))
        reply = step.reply
        if reply is not None and reply.decision.thought:
            self._out.say("thought", reply.decision.thought)
        self.rest(step.entries)
        for call in step.calls:
            self._call(call)

    def rest(self, entries: Iterable[Entry]) -> None:
        """Draw what is neither thought nor call."""
        for entry in entries:
            event = entry.event
            if isinstance(event, EffectFailed | Failed):
                failure = f"{event.error}: {event.message}"
                if failure != self._failure and event is not self._end:
                    self._out.say("failed", failure, label_style="red")
                self._failure = failure
            elif (line := self._teller.line(entry)) is not None:
                text = Text(harmless(line.text), style=line.style)
                if isinstance(event, HumanAnswered):
                    text.append(f"  #{entry.seq}", style="dim")
                self._out.say(line.label, text, label_style=line.label_style)

    def _call(self, call: CallEntries) -> None:
        self._out.say("call", call_text(call.call))
        for entry in call.entries:
            if isinstance(entry.event, ToolReturned):
                label, text, style, label_style = result_lines(entry.event, is_named=False)
                took = entry.event.duration_s
                if took >= _WORTH_TELLING_S:
                    text.append(f" · {seconds_text(took)}", style="dim")
                text.append(f"  #{entry.seq}", style="dim")
                self._out.say(label, text, style, label_style)
            else:
                self.rest([entry])


def _title(step: StepEntries) -> Text:
    title = Text.assemble((f"step {step.turn + 1}", f"bold {ACCENT}"), (f"  #{step.entries[0].seq}", "dim"))
    reply: ModelReplied | None = step.reply
    if reply is None:
        return title
    usage = reply.usage
    facts = [f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out", seconds_text(reply.duration_s)]
    return title.append(
        f"  {reply.model} · {' · '.join((*facts, *(['used again'] if reply.cached else [])))}", "dim"
    )
