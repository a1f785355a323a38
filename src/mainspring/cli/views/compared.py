"""How two runs, or a record and its replay, look side by side: what is the same in a word, what differs in full."""

from collections.abc import Callable, Iterator, Sequence
from difflib import unified_diff
from itertools import groupby
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json
from rich.text import Text

from mainspring.cli.views.screen import ACCENT, Screen, harmless, shorten
from mainspring.cli.views.tally import cost_text, count
from mainspring.cli.views.times import seconds_text
from mainspring.core import Event
from mainspring.runs.diff import Aspect, Diff, Side, StepDiff
from mainspring.runs.replay import Divergence
from mainspring.runs.steps import Call, Step

_MAX_LINES: Final = 30
_MAX_CHARS: Final = 300
_SIDES: Final = (("-", "red"), ("+", "green"))
_STYLES: Final = {" ": "dim", **dict(_SIDES)}


def draw_divergence(out: Screen, run: str, parted: Divergence) -> None:
    """Draw where a replay departs from the record: the fields that differ, both ways."""
    out.line(f"{run} departs from its record at {parted.words}")
    if parted.recorded is None or parted.derived is None or parted.recorded.type != parted.derived.type:
        _draw_sides(out, "event", _whole(parted.recorded), _whole(parted.derived))
    else:
        for name in type(parted.recorded).__dataclass_fields__:
            one, other = getattr(parted.recorded, name), getattr(parted.derived, name)
            if one != other:
                _draw_sides(out, name, _written(one), _written(other))
    out.line("- recorded, + derived", style="dim")


def draw_diff(out: Screen, found: Diff) -> None:
    """Draw what two runs have in common, and where they part."""
    for side, (mark, style) in zip((found.one, found.other), _SIDES, strict=True):
        out.line(Text.assemble((f"{mark} ", style), (side.run, "bold"), f"  {_facts(side)}"))
    out.line()
    if found.same:
        out.line(f"the same: {count(len(found.steps), 'step')} and the end")
        return
    if found.beginning:
        _title(out, "beginning", found.beginning)
        _draw_beginning(out, found)
    for same, group in groupby(found.steps, key=lambda step: step.same):
        steps = list(group)
        if same:
            numbers = f"{steps[0].turn + 1}" if len(steps) == 1 else f"{steps[0].turn + 1} to {steps[-1].turn + 1}"
            out.line(f"step{'' if len(steps) == 1 else 's'} {numbers}  the same", style="dim")
        else:
            for step in steps:
                _draw_step(out, step)
    if not found.same_end:
        _title(out, "end", ())
        _draw_sides(out, "", _end(found.one), _end(found.other))


def _facts(side: Side) -> str:
    facts = (
        side.ended or "not over",
        count(side.n_steps, "step"),
        f"{side.usage.input_tokens:,} tokens in, {side.usage.output_tokens:,} out",
        seconds_text(side.model_s + side.tool_s),
        cost_text(side.usage),
    )
    return f"{side.agent} on {side.model} · {' · '.join(facts)}"


def _title(out: Screen, what: str, differs: tuple[str, ...]) -> None:
    words = f"  differs in {', '.join(differs)}" if differs else "  differs"
    out.line(Text.assemble((what, f"bold {ACCENT}"), (words, "dim")))


def _draw_beginning(out: Screen, found: Diff) -> None:
    if "instructions" in found.beginning:
        _draw_sides(out, "instructions", found.one.instructions, found.other.instructions)
    if "input" in found.beginning:
        _draw_sides(out, "asked", found.one.input, found.other.input)


def _draw_step(out: Screen, step: StepDiff) -> None:
    if step.one is None or step.other is None or "presence" in step.differs:
        out.line(Text.assemble((f"step {step.turn + 1}", f"bold {ACCENT}"), ("  only one of them has it", "dim")))
        sides = ["" if side is None or side.kind is None else _summary(side) for side in (step.one, step.other)]
        _draw_sides(out, "", *sides)
        return
    _title(out, f"step {step.turn + 1}", step.differs)
    for aspect in step.differs:
        if aspect != "presence":
            _draw_sides(out, aspect, _ASPECTS[aspect](step.one), _ASPECTS[aspect](step.other))


def _draw_sides(out: Screen, name: str, one: str, other: str) -> None:
    """Draw what two texts do not have in common, each line behind its mark, with a line of what is around it."""
    if name:
        out.line(f"  {name}", style="dim")
    for mark, line in _marked(harmless(one).splitlines(), harmless(other).splitlines()):
        out.line(Text.assemble((f"  {mark} ", _STYLES[mark]), (line, "dim" if mark == " " else "")))


def _marked(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[str, str]]:
    lines = [line for line in unified_diff(one, other, n=1, lineterm="") if line[:3] not in ("---", "+++")]
    for line in lines[:_MAX_LINES]:
        is_gap = line.startswith("@@")
        if not is_gap:
            shown, n_left_out = shorten(line[1:], 1, _MAX_CHARS)
            yield line[0], f"{shown} [{n_left_out:,} more characters]" if n_left_out else shown
        elif line is not lines[0]:
            yield " ", "…"
    if len(lines) > _MAX_LINES:
        yield " ", f"[{count(len(lines) - _MAX_LINES, 'more line')}: --json shows all of them]"


def _summary(step: Step) -> str:
    parts = [step.thought, _calls(step), "" if step.answer is None else _written(step.answer), step.failure]
    return "\n".join(part for part in parts if part) or "(nothing yet)"


def _calls(step: Step) -> str:
    return "\n".join(map(_call, step.calls))


def _call(call: Call) -> str:
    written = ", ".join(f"{name}={to_json(value).decode()}" for name, value in call.arguments.items())
    return f"{call.name}({written})"


def _results(step: Step) -> str:
    results = [f"{call.name}: {call.result if call.result is not None else '(none yet)'}" for call in step.calls]
    return "\n".join([*results, *([step.failure] if step.failure else [])])


_ASPECTS: Final[dict[Aspect, Callable[[Step], str]]] = {
    "thought": lambda step: step.thought or "(no thought)",
    "calls": lambda step: _calls(step) or "(no calls)",
    "answer": lambda step: "(no answer)" if step.answer is None else _written(step.answer),
    "results": _results,
    "correction": lambda step: step.correction or "(no correction)",
}


def _end(side: Side) -> str:
    return "(not over)" if side.ended is None else f"{side.ended}: {_written(side.outcome)}"


def _whole(event: Event | None) -> str:
    return "(nothing)" if event is None else to_json(event, indent=2).decode()


def _written(value: JsonValue | object) -> str:
    return value if isinstance(value, str) else to_json(value, indent=2).decode()
