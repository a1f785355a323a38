"""An event as something to read: what kind of thing it is, in a few words, with the text that belongs to it."""

from dataclasses import dataclass
from typing import Final, Literal

from mainspring.agent.judge import JUDGING
from mainspring.agent.summarizer import COMPACTING
from mainspring.core import Answer, Entry, Event, ToolCall, ToolResult, Unusable
from mainspring.core.events import (
    Attempted,
    BudgetExceeded,
    BudgetRaised,
    CancelAsked,
    Cancelled,
    ChildCalled,
    ChildEnded,
    Compacted,
    Corrected,
    DoubtFound,
    EffectFailed,
    Escalated,
    Failed,
    Finished,
    HumanAnswered,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    Resumed,
    RunStarted,
    Submitted,
    TimerRang,
    TimerSet,
    ToolCalled,
    ToolReturned,
)
from mainspring.runs.export.words import Piece, call_pieces, cost, count, dollars, limits, pretty, seconds, tokens

Kind = Literal["quiet", "thought", "call", "result", "error", "answer", "asked", "said", "note", "warning"]
"""How it is shown: `quiet` things are small and side by side, the rest have lines of their own."""

_FOLDED_LINES: Final = 12
_FOLDED_CHARS: Final = 900

_ASKED: Final = {
    "approval": "A human was asked for approval",
    "question": "A human was asked",
    "in_doubt": "A human was asked what became of this",
    "budget": "A human was asked for more budget",
}
_ANSWERED: Final = {
    "answer": "answered",
    "approve": "approved",
    "deny": "denied",
    "edit": "approved, with other arguments",
}
_SHORT: Final = {
    "stop": "that ends the run",
    "ask": "a human is asked",
    "degrade": "a cheaper model is asked",
}
_TROUBLES: Final = {
    "unusable": "the reply could not be used",
    "wrong_answer": "the answer does not fit",
    "tool_error": "all calls failed",
    "judge": "the answer was judged not good enough",
}
_DOUBT: Final = {
    "retry": "cut off by a crash, and begun again",
    "reconcile": "cut off by a crash; not done, as was found out, and begun again",
    "ask": "cut off by a crash, and begun again as a human said",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to read."""

    kind: Kind
    seq: int | None
    """Its place; None for what is said of the event before, too."""
    label: str = ""
    text: str = ""
    call: tuple[Piece, ...] = ()
    aside: str = ""
    """How long it took, who said it."""
    run: str = ""
    """Another run that it is about."""

    @property
    def is_long(self) -> bool:
        """Whether the text is better folded."""
        return len(self.text) > _FOLDED_CHARS or self.text.count("\n") >= _FOLDED_LINES

    @property
    def size(self) -> str:
        """How long the text is."""
        return f"{count(self.text.count(chr(10)) + 1, 'line')}, {count(len(self.text), 'character')}"

    @property
    def head(self) -> str:
        """The first line of the text, or as much of it as there is room for."""
        return self.text.lstrip().partition("\n")[0][:120]


def item(entry: Entry) -> Item:
    """Say what an event is, whichever it is but a reply."""
    for read in (_step, _wait, _drive, _wish):
        if (found := read(entry.seq, entry.event)) is not None:
            return found
    return Item(kind="quiet", seq=entry.seq, label=entry.event.type)


def reply_items(entry: Entry, replied: ModelReplied) -> list[Item]:
    """Say what a model wrote: its thought, and its answer where that is what it decided."""
    decision = replied.decision
    said = [Item(kind="thought", seq=entry.seq, text=decision.thought)] if decision.thought else []
    seq = None if said else entry.seq
    match decision:
        case Answer(value=value):
            said.append(Item(kind="answer", seq=seq, label="answer", text=pretty(value)))
        case Unusable(reason=reason, written=written):
            said.append(Item(kind="warning", seq=seq, label=f"unusable: {reason}", text=written))
        case _ if not said:
            said.append(Item(kind="quiet", seq=seq, label="replied"))
        case _:
            pass
    return said


def reply_meta(replied: ModelReplied) -> str:
    """Say what a reply took."""
    if replied.cached:
        return f"{replied.model} · an earlier reply used again, free of charge"
    parts = [replied.model, seconds(replied.duration_s), tokens(replied.usage), cost(replied.usage)]
    return " · ".join(parts)


def _step(seq: int, event: Event) -> Item | None:
    """Say what the loop did."""
    match event:
        case ModelCalled(model=model, n_messages=n_messages, must_answer=must_answer):
            label = f"{model} was asked" + (", and had to answer" if must_answer else "")
            return Item(kind="quiet", seq=seq, label=label, aside=count(n_messages, "message"))
        case ToolCalled(call=call):
            return Item(kind="call", seq=seq, label=_asked_for(call), call=call_pieces(call))
        case ToolReturned(result=result, duration_s=duration_s):
            kind: Kind = "error" if result.is_error else "result"
            return Item(kind=kind, seq=seq, label=kind, text=_shown(result), aside=_took(duration_s))
        case Corrected(message=message):
            return Item(kind="note", seq=seq, label="the model was told", text=message.text)
        case EffectFailed(error=error, message=message):
            return Item(kind="error", seq=seq, label=error, text=message)
        case Finished(n_steps=n_steps):
            return Item(kind="quiet", seq=seq, label="finished", aside=f"after {count(n_steps, 'step')}")
        case Failed(error=error, message=message):
            return Item(kind="error", seq=seq, label=f"the run failed: {error}", text=message)
        case _:
            return None


def _asked_for(call: ToolCall) -> str:
    """Say why a call is made that the model does not wish for."""
    if call.id == JUDGING:
        return "judged by"
    return "summed up by" if call.id.partition("_")[0] == COMPACTING else ""


def _shown(result: ToolResult) -> str:
    cut = "" if result.whole is None else f"\n[cut; the whole is kept as content {result.whole}]"
    return f"{result.text}{cut}"


def _wait(seq: int, event: Event) -> Item | None:
    """Say what was waited for, and what came."""
    match event:
        case HumanAsked(kind=asked, question=question):
            return Item(kind="asked", seq=seq, label=_ASKED[asked], text=question)
        case HumanAnswered():
            return _answer(seq, event)
        case TimerSet(seconds=length_s):
            return Item(kind="quiet", seq=seq, label=f"waits for {seconds(length_s)}")
        case TimerRang():
            return Item(kind="quiet", seq=seq, label="the time has passed")
        case ChildCalled(agent=agent, input=words):
            return Item(kind="asked", seq=seq, label=f"agent {agent} was asked", text=words)
        case ChildEnded(run=run, error=None, usage=usage):
            return Item(kind="quiet", seq=seq, label="it answered", run=run, aside=cost(usage))
        case ChildEnded(run=run, error=error, usage=usage):
            label, aside = "it ended without an answer", cost(usage)
            return Item(kind="error", seq=seq, label=label, text=error or "", run=run, aside=aside)
        case _:
            return None


def _answer(seq: int, answered: HumanAnswered) -> Item:
    by = "nobody answered in time" if answered.by == "deadline" else _by(answered.by)
    text = pretty(answered.value) if answered.verdict == "answer" else answered.reason
    return Item(kind="said", seq=seq, label=_ANSWERED[answered.verdict], text=text, aside=by)


def _drive(seq: int, event: Event) -> Item | None:
    """Say what became of a run besides its steps, without anybody's doing."""
    match event:
        case Submitted(parent=parent):
            return Item(
                kind="quiet", seq=seq, label="handed in" if parent is None else "handed in by", run=parent or ""
            )
        case RunStarted():
            return Item(kind="quiet", seq=seq, label="started")
        case Attempted(driver=driver, changed=changed):
            label = "taken up" + (f"; since then has changed: {', '.join(changed)}" if changed else "")
            return Item(kind="warning" if changed else "quiet", seq=seq, label=label, aside=_driver(driver))
        case DoubtFound(policy=policy):
            return Item(kind="warning", seq=seq, label=_DOUBT[policy])
        case Escalated(to_model=name, reason=reason, problem=problem):
            label = f"{_TROUBLES[reason]}; {name} goes on"
            return Item(kind="warning", seq=seq, label=label, text=problem, aside=_prices(event))
        case Compacted():
            return _room(seq, event)
        case BudgetExceeded(budget=budget, field=field, needed=needed, left=left, action=action, model=model):
            what = f"{model} may take {needed}" if model else f"it takes {needed}"
            label = f"budget {budget} is short: {what} {field}, {left} is left; {_SHORT[action]}"
            return Item(kind="warning", seq=seq, label=label)
        case _:
            return None


def _wish(seq: int, event: Event) -> Item | None:
    """Say what somebody wanted to become of a run."""
    match event:
        case BudgetRaised(budget=budget, by=by):
            return Item(kind="note", seq=seq, label=f"the budget is {limits(budget)} from here on", aside=_by(by))
        case Resumed(by=by):
            return Item(kind="note", seq=seq, label="the run was let go on", aside=_by(by))
        case CancelAsked(by=by):
            return Item(kind="warning", seq=seq, label="asked to stop", aside=_by(by))
        case Cancelled():
            return Item(kind="warning", seq=seq, label="the run was stopped")
        case _:
            return None


def _took(duration_s: float) -> str:
    return seconds(duration_s) if duration_s else ""


def _room(seq: int, event: Compacted) -> Item:
    """Say what the model is shown no longer, and what instead."""
    made = f"{count(event.n_replaced, 'older message')} replaced" if event.n_replaced else ""
    shorter = f"{count(event.n_shortened, 'tool result')} shortened" if event.n_shortened else ""
    label = f"room was made: {', '.join(filter(None, (made, shorter)))}"
    aside = f"about {event.tokens_before:,} tokens before, {event.tokens_after:,} after"
    text = "" if event.message is None else event.message.text
    if event.problem:
        text = f"{text}\n[not all of it was summed up: {event.problem}]"
    return Item(kind="warning" if event.problem else "note", seq=seq, label=label, text=text, aside=aside)


def _prices(event: Escalated) -> str:
    if event.from_usd is None or event.to_usd is None:
        return ""
    return f"a call like the last one costs {dollars(event.to_usd)} instead of {dollars(event.from_usd)}"


def _by(who: str) -> str:
    return f"by {who}" if who else ""


def _driver(driver: str) -> str:
    """Name a driver shortly: its process and its machine."""
    place, _, rest = driver.partition("/")
    parts = rest.rsplit("/", 3)
    return f"process {parts[-3]} on {place}" if len(parts) >= 3 else driver
