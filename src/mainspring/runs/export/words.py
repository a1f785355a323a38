"""How a page writes things down: times, money, tool calls as Python would have them, budgets."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal

from pydantic import JsonValue

from mainspring.core import Budget, ToolCall, Usage

_LINE_CHARS: Final = 88
"""A call that fits into so many is written on one line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a call, with what it is."""

    kind: Literal["name", "key", "text", "value", "mark"]
    text: str


@dataclass(frozen=True, slots=True)
class Meter:
    """One limit of a budget, and how much of it is used."""

    name: str
    """Empty for money."""
    used: str
    limit: str
    percent: float


def call_pieces(call: ToolCall) -> tuple[Piece, ...]:
    """Write a call the way Python would, in pieces; one argument a line where it is long."""
    arguments = [tuple(_argument(name, value)) for name, value in call.arguments.items()]
    n_chars = sum(len(piece.text) + 2 for argument in arguments for piece in argument) + len(call.name)
    is_long = n_chars > _LINE_CHARS or any("\n" in piece.text for argument in arguments for piece in argument)
    before, between, after = ("\n    ", ",\n    ", ",\n") if is_long and arguments else ("", ", ", "")
    pieces = [Piece("name", call.name), Piece("mark", f"({before}")]
    for place, argument in enumerate(arguments):
        pieces += [Piece("mark", between)] if place else []
        pieces += argument
    return (*pieces, Piece("mark", f"{after})"))


def pretty(value: JsonValue) -> str:
    """Write a value for people: words as they are, anything else as indented JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def seconds(value: float) -> str:
    """Write a length of time in the one or two units that matter."""
    if value < 0.0005:
        return "0 s"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    for size, unit, smaller_size, smaller in _UNITS:
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


_UNITS: Final = ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


def cost(usage: Usage) -> str:
    """Write what a usage costs."""
    return "cost unknown" if usage.cost_usd is None else dollars(usage.cost_usd)


def dollars(value: Decimal) -> str:
    """Write an amount of money; three digits that matter where it is small."""
    if not value:
        return "$0"
    return f"${value:,.2f}" if value >= Decimal("0.1") else f"${Decimal(f'{value:.3g}').normalize():f}"


def tokens(usage: Usage) -> str:
    """Write the tokens of a usage."""
    return f"{usage.input_tokens:,} in · {usage.output_tokens:,} out"


def count(number: int, noun: str, nouns: str = "") -> str:
    """Write a number of things; their plural ends in s if not given."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def moment(at: float) -> str:
    """Write a point in time."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def meters(budget: Budget, usage: Usage) -> tuple[Meter, ...]:
    """Set a budget's limits against what was used; the seconds of work are not known from the events alone."""
    known = (
        ("", budget.usd, usage.cost_usd),
        ("input tokens", budget.input_tokens, usage.input_tokens),
        ("output tokens", budget.output_tokens, usage.output_tokens),
        ("model calls", budget.model_calls, usage.model_calls),
        ("tool calls", budget.tool_calls, usage.tool_calls),
    )
    found = [_meter(name, limit, used) for name, limit, used in known if limit is not None]
    if budget.wall_s is not None:
        found.append(Meter("of work", "", seconds(budget.wall_s), 0.0))
    return tuple(found)


def limits(budget: Budget) -> str:
    """Say a budget's limits in a line."""
    return ", ".join(f"{meter.limit} {meter.name}".rstrip() for meter in meters(budget, Usage())) or "no limits"


def _meter(name: str, limit: Decimal | int, used: Decimal | int | None) -> Meter:
    percent = 100.0 if not limit else min(100.0, float(100 * (used or 0) / limit))
    write = "{:,}".format if name else dollars
    return Meter(
        name, "unknown" if used is None else write(Decimal(used)), write(Decimal(limit)), round(percent, 1)
    )


def _argument(name: str, value: JsonValue) -> Iterator[Piece]:
    if name.isidentifier():
        yield Piece("key", f"{name}=")
        yield _value(value)
    else:
        yield Piece("mark", "**{")
        yield Piece("key", f"{name!r}: ")
        yield _value(value)
        yield Piece("mark", "}")


def _value(value: JsonValue) -> Piece:
    if not isinstance(value, str):
        return Piece("value", repr(value))
    if "\n" not in value:
        return Piece("text", repr(value))
    body = value.replace("\\", "\\\\").replace('"""', r"\"\"\"")
    return Piece("text", f'"""{body}"""')
