"""The steps of a run as a page shows them: what was said and done, each call with all that came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mainspring.core import Entry
from mainspring.core.events import Attempted, HumanAnswered, ModelCalled, ModelReplied, ToolCalled
from mainspring.runs.by_step import CallEntries, StepEntries, by_step
from mainspring.runs.export.items import Item, item, reply_items, reply_meta
from mainspring.runs.export.words import Piece, call_pieces, seconds
from mainspring.runs.history import History


@dataclass(frozen=True, slots=True)
class CallView:
    """One call, and what came of it."""

    call: tuple[Piece, ...]
    seq: int | None
    """Place of the event that it was called with; None where something else came before that."""
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step."""

    number: int
    seq: int | None
    """Place of the event that the model was asked with."""
    meta: str
    """What the model call took."""
    before: tuple[Item, ...]
    """What came before the calls."""
    calls: tuple[CallView, ...]
    after: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class StepsView:
    """All that happened."""

    before: tuple[Item, ...]
    steps: tuple[StepView, ...]


def steps_view(entries: Sequence[Entry]) -> StepsView:
    """Say what happened in a run, step by step."""
    found, known = by_step(entries), _known(entries)
    return StepsView(_items(found.before, known), tuple(_step(step, known) for step in found.steps))


def _step(step: StepEntries, known: dict[int, Item]) -> StepView:
    first, *rest = step.entries
    is_asked = isinstance(first.event, ModelCalled)
    shown = rest if is_asked else step.entries
    until = next(
        (place for place, entry in enumerate(shown, 1) if isinstance(entry.event, ModelReplied)), len(shown)
    )
    return StepView(
        number=step.turn + 1,
        seq=first.seq if is_asked else None,
        meta="" if step.reply is None else reply_meta(step.reply),
        before=_items(shown[:until], known),
        calls=tuple(_call(call, known) for call in step.calls),
        after=_items(shown[until:], known),
    )


def _call(found: CallEntries, known: dict[int, Item]) -> CallView:
    wish, entries = found.call, found.entries
    is_called = bool(entries) and isinstance(entries[0].event, ToolCalled)
    shown = list(_items(entries[1:] if is_called else entries, known))
    for place, entry in enumerate(shown):
        if entry.kind == "call" and entry.call == call_pieces(wish):
            shown[place] = replace(entry, kind="quiet", label="called", call=())
        elif entry.kind == "call":
            shown[place] = replace(entry, label="called with other arguments")
        elif entry.kind == "result" and _repeats(entry, shown[:place]):
            shown[place] = replace(entry, kind="quiet", label="the model was told so", text="")
    return CallView(call_pieces(wish), entries[0].seq if is_called else None, tuple(shown))


def _repeats(result: Item, before: Iterable[Item]) -> bool:
    """Tell whether a result is what a human has just answered."""
    return any(item.kind == "said" and item.text == result.text for item in before)


def _items(entries: Iterable[Entry], known: dict[int, Item]) -> tuple[Item, ...]:
    items: list[Item] = []
    for entry in entries:
        if isinstance(entry.event, ModelReplied):
            items += reply_items(entry, entry.event)
        else:
            items.append(known.get(entry.seq) or item(entry))
    return tuple(items)


def _known(entries: Iterable[Entry]) -> dict[int, Item]:
    """Say what events mean that only what came before them tells: drivers that come, humans that answer."""
    history, found = History(), dict[int, Item]()
    for entry in entries:
        match entry.event:
            case Attempted(driver=driver):
                found[entry.seq] = _driver(item(entry), history, driver)
            case HumanAnswered(key=key) if key in history.begun:
                found[entry.seq] = _after(item(entry), entry.at - history.begun[key].at)
            case _:
                pass
        history.take([entry])
    return found


def _driver(plain: Item, history: History, driver: str) -> Item:
    """Tell the first driver from the same one again, and from another one after a crash."""
    forked_from = None if history.submitted is None else history.submitted.forked_from
    if history.driver is None and forked_from is not None:
        run, _, seq = forked_from.rpartition(":")
        label = f"from here on by itself; event {seq} was the first that is not shared with"
        return replace(plain, kind="note", label=label, run=run)
    if history.driver is None:
        return plain
    if history.driver == driver:
        return plain if plain.kind == "warning" else replace(plain, label="went on", aside="")
    in_progress = any(
        key.startswith(("model:", "tool:")) and key not in history.happened and key not in history.failed
        for key in history.begun
    )
    label = plain.label.replace(
        "taken up", "taken over after a crash by another driver" if in_progress else "taken up by another driver"
    )
    return replace(plain, kind="warning" if in_progress else plain.kind, label=label)


def _after(plain: Item, waited_s: float) -> Item:
    after = f", after {seconds(waited_s)}" if waited_s > 0 else ""
    return replace(plain, aside=f"{plain.aside}{after}".removeprefix(", "))
