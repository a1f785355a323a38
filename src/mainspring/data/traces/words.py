"""What can be asked of a run in a filter: words that hold or do not, and fields that are compared."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from mainspring.data.traces.facts import Facts

Where = Callable[[Facts], bool]
"""Tells whether a run is wanted."""

WORDS: Final[Mapping[str, tuple[str, Where]]] = {
    "finished": ("it has its answer", lambda run: run.is_finished),
    "failed": ("it ended without one", lambda run: run.is_failed),
    "approved": (
        "a human allowed a call of it, and refused none",
        lambda run: bool({"approve", "edit"} & set(run.verdicts)) and "deny" not in run.verdicts,
    ),
    "refused": ("a human refused a call of it, or nobody answered in time", lambda run: "deny" in run.verdicts),
    "edited": ("a human changed what a call of it was made with", lambda run: "edit" in run.verdicts),
    "answered": ("a human answered a question of it", lambda run: "answer" in run.verdicts),
    "corrected": ("the model was told that a reply was wrong", lambda run: run.is_corrected),
}
"""The word to what it means, and how it is told."""

FIELDS: Final[Mapping[str, str]] = {
    "steps": "how often the model was asked",
    "cost": "US dollars; a cost that is not known is neither more nor less than any",
    "model": "a model that replied",
    "tool": "a tool that was called",
    "label": "untrusted, secret, ... for the worst that was said in it; or a source, such as tool:search",
    "since": "begun at this time or later: 2026-11-01, or 2026-11-01T09:30",
    "until": "begun before this time",
}
"""The field to what it means."""

OPS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def compared(field: str, op: str, value: str) -> Where:
    """Give the test that compares a field with a value.

    Args:
        field: One of `FIELDS`.
        op: One of `OPS`.
        value: As it was written.

    Raises:
        ValueError: The field has no such values, or is not compared so; the message says how it is.
    """
    match field:
        case "steps" | "cost":
            return _measured(field, OPS[op], _number(field, value))
        case "since" | "until":
            return _begun(field, op, value)
        case _:
            if op not in ("=", "!="):
                raise ValueError(f"{field} is compared with = or !=, not with {op}")
            return _among(field, value, is_wanted=op == "=")


def _measured(field: str, holds: Callable[[Any, Any], bool], number: Decimal) -> Where:
    if field == "steps":
        return lambda run: holds(run.n_steps, number)
    return lambda run: run.cost_usd is not None and holds(run.cost_usd, number)


def _number(field: str, value: str) -> Decimal:
    try:
        number = Decimal(value.removeprefix("$"))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise ValueError(f"{field} is compared with a number, not with {value!r}")
    return number


def _begun(field: str, op: str, value: str) -> Where:
    if op != "=":
        raise ValueError(f"write {field}={value}")
    try:
        time = datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{value!r} is no time; write 2026-11-01, or 2026-11-01T09:30") from None
    if field == "since":
        return lambda run: run.row.created_at >= time
    return lambda run: run.row.created_at < time


def _among(field: str, value: str, *, is_wanted: bool) -> Where:
    """Tell whether a name is among those of a run."""

    def names(run: Facts) -> Sequence[str]:
        match field:
            case "model":
                return run.models
            case "tool":
                return run.tools
            case _:
                return (run.label.integrity, run.label.confidentiality, *run.label.sources)

    return lambda run: (value in names(run)) is is_wanted
