"""What a run used: tokens, calls, seconds and money.

An unknown price is unknown, never zero: adding an unknown cost to anything gives an unknown cost.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic import NonNegativeInt


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens, calls and cost; usages add up with `+`."""

    input_tokens: NonNegativeInt = 0
    """Tokens read by models, those from a prefix cache included."""
    output_tokens: NonNegativeInt = 0
    """Tokens written by models, thinking included."""
    cached_tokens: NonNegativeInt = 0
    """The part of `input_tokens` that a prefix cache saved."""
    model_calls: NonNegativeInt = 0
    tool_calls: NonNegativeInt = 0
    cost_usd: Decimal | None = Decimal(0)
    """US dollars; None where a price is not known."""

    def __add__(self, other: "Usage") -> "Usage":
        known = self.cost_usd is not None and other.cost_usd is not None
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            model_calls=self.model_calls + other.model_calls,
            tool_calls=self.tool_calls + other.tool_calls,
            cost_usd=self.cost_usd + other.cost_usd if known else None,  # type: ignore[operator]  # both known
        )


NOTHING: Final = Usage()
"""The usage of a run that has not called anything."""

ONE_TOOL_CALL: Final = Usage(tool_calls=1)
"""The usage of a tool call: what a tool costs is the tool's own affair."""
