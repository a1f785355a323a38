"""What a run looks like to a person: a line for each thought, call, result and answer, and one for the whole.

On a terminal the reply that is being written, or what is being waited for, moves below those lines; it is gone
when the line it becomes is there.
"""

from collections.abc import Iterable
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json
from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from mainspring.agent.judge import JUDGING
from mainspring.agent.summarizer import COMPACTING
from mainspring.cli.views.happenings import Teller
from mainspring.cli.views.screen import ACCENT, Screen, harmless, shorten
from mainspring.cli.views.tally import Tally
from mainspring.cli.views.times import clock_text
from mainspring.cli.views.writing import said_so_far
from mainspring.core import Delta, Entry, Event, ToolCall
from mainspring.core.events import (
    ChildCalled,
    Finished,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    TimerSet,
    ToolCalled,
    ToolReturned,
)

MAX_RESULT_LINES: Final = 8
MAX_RESULT_CHARS: Final = 800
MAX_ARGUMENT_CHARS: Final = 200
_LABELS: Final = {JUDGING: "judge", COMPACTING: "sum up"}
"""Calls that are made by no wish of the model."""


class RunView:
    """Shows runs as they go; a context manager, as what moves has to be stopped.

    Args:
        notes: Where everything but the answer is shown.
        out: Where the answer goes.
    """

    def __init__(self, notes: Screen, out: Screen) -> None:
        self._notes = notes
        self._out = out
        self._tally = Tally()
        self._teller = Teller()
        self._written = ""
        self._waiting = "thinking"
        self._open: dict[str, str] = {}
        self._n_side_by_side = 0
        self._spinner = Spinner("dots", style=ACCENT)
        self._live: Live | None = None

    @property
    def is_lively(self) -> bool:
        """Whether replies can be shown as they are written."""
        return self._notes.is_lively

    def __enter__(self) -> "RunView":
        if self._notes.is_lively:
            console = self._notes.console
            self._live = Live(get_renderable=self._moving, console=console, transient=True, refresh_per_second=10)
            self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def begin(self, entries: Iterable[Entry]) -> None:
        """Take in what happened before; that is not shown."""
        for entry in entries:
            self._tally.take(entry)
            self._teller.line(entry)

    def show(self, item: Entry | Delta) -> None:
        """Show what happened."""
        if isinstance(item, Delta):
            self._written += item.text
            return
        self._tally.take(item)
        self._wait_for(item.event, item.at)
        match item.event:
            case ModelReplied(decision=decision):
                self._written = ""
                if decision.thought:
                    self._notes.say("thought", decision.thought, style="dim" if decision.type != "act" else "")
            case ToolCalled(call=call):
                self._notes.say(_LABELS.get(call.id.partition("_")[0], "call"), call_text(call))
            case ToolReturned() as returned:
                self._notes.say(*result_lines(returned, is_named=self._n_side_by_side > 1))
            case Finished(output=output):
                self._stop()
                show_answer(self._out, output)
        if (line := self._teller.line(item)) is not None:
            self._notes.say(line.label, line.text, line.style, line.label_style)

    def end(self) -> None:
        """Show what the run used."""
        self._stop()
        self._notes.line(self._tally.words, style="dim")

    def _wait_for(self, event: Event, at: float) -> None:
        """Remember what comes next, for the line that moves."""
        match event:
            case ModelCalled():
                self._n_side_by_side = 0
            case ToolCalled(call=call):
                self._open[call.id] = call.name
                self._n_side_by_side += 1
            case ToolReturned(result=result):
                self._open.pop(result.call_id, None)
        match event:
            case HumanAsked():
                self._waiting = "waiting for a human"
            case TimerSet(seconds=seconds):
                self._waiting = f"waiting until {clock_text(at + seconds)}"
            case ChildCalled(agent=agent):
                self._waiting = f"waiting for {agent}"
            case _:
                self._waiting = f"calling {', '.join(self._open.values())}" if self._open else "thinking"

    def _moving(self) -> Group:
        """Give what is below the lines: the end of what is being written, and what is being waited for."""
        said = said_so_far(self._written)
        lines: list[Text] = []
        if said.thought:
            lines += self._notes.lines("thought", said.thought, style="dim" if said.answer else "")
        if said.answer:
            lines += self._notes.lines("answer", said.answer, label_style=ACCENT)
        room = max(1, self._notes.console.height - 3)
        self._spinner.update(text=Text(f" {self._waiting}", style="dim"))
        return Group(*lines[-room:], self._spinner)

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


class JsonLines:
    """Writes every event of a run as a line of JSON: run, seq, at and the event."""

    is_lively: Final = False
    """Pieces of replies are of no use to programs."""

    def __init__(self, out: Screen) -> None:
        self._file = out.console.file

    def __enter__(self) -> "JsonLines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, entries: Iterable[Entry]) -> None:
        """Write what happened before, too: whoever reads on has all of the run."""
        for entry in entries:
            self.show(entry)

    def show(self, item: Entry | Delta) -> None:
        """Write what was recorded."""
        if isinstance(item, Entry):
            self._file.write(to_json(item).decode() + "\n")
            self._file.flush()

    def end(self) -> None:
        """Write nothing more: the events say it all."""


def result_lines(returned: ToolReturned, *, is_named: bool) -> tuple[str, Text, str, str]:
    """Lay a tool's result out: label, text, and the styles of both.

    Args:
        returned: What came of the call.
        is_named: Whether to say whose result it is.
    """
    result = returned.result
    shown, n_left_out = shorten(result.text, MAX_RESULT_LINES, MAX_RESULT_CHARS)
    text = Text(harmless(shown) or "(nothing)", style="dim")
    if is_named:
        text = Text.assemble((f"{result.name}: ", ACCENT), text)
    if n_left_out:
        text.append(f"\n[{n_left_out:,} more characters: --json shows all of them]", style="dim italic")
    return ("error", text, "", "red") if result.is_error else ("result", text, "", "dim")


def show_answer(out: Screen, output: JsonValue) -> None:
    """Show an answer: labelled for people, alone for programs."""
    text = output if isinstance(output, str) else to_json(output, indent=2).decode()
    if out.is_terminal:
        out.say("answer", text, label_style=f"bold {ACCENT}")
        return
    out.console.file.write(text.rstrip("\n") + "\n")
    out.console.file.flush()


def call_text(call: ToolCall) -> Text:
    """Write a call the way Python would."""
    text = Text(call.name, style=ACCENT)
    text.append("(", style="dim")
    for place, (name, value) in enumerate(call.arguments.items()):
        written = harmless(to_json(value).decode())
        if len(written) > MAX_ARGUMENT_CHARS:
            written = f"{written[:MAX_ARGUMENT_CHARS]}[{len(written) - MAX_ARGUMENT_CHARS:,} more]"
        text.append(f"{', ' if place else ''}{harmless(name)}=", style="dim")
        text.append(written)
    return text.append(")", style="dim")
