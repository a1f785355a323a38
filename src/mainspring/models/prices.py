"""What calls cost. Local models are free, the user's own rates win over published ones, unknown stays unknown.

Published rates come from the `genai-prices` data set (the `prices` extra), as of the installed version.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from mainspring.core import Usage

Pricer = Callable[[Usage], Decimal | None]
"""Gives the US dollars of a usage; None where they are not known."""

_MILLION: Final = Decimal(1_000_000)


class Rates(BaseModel):
    """A price list of one's own, in US dollars per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)
    cached_input: Decimal | None = Field(default=None, ge=0)
    """For input tokens that a prefix cache saved; as dear as others if not given."""

    def __call__(self, usage: Usage) -> Decimal:
        """Give the US dollars of a usage."""
        cached_rate = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_tokens
        total = fresh * self.input + usage.cached_tokens * cached_rate + usage.output_tokens * self.output
        return total / _MILLION


FREE: Final = Rates(input=Decimal(0), output=Decimal(0))
"""What one's own machine charges."""


@cache
def published(provider: str, model: str) -> Pricer:
    """Give the published price list of a provider's model; one that is not listed prices nothing."""
    try:
        import genai_prices
    except ImportError:
        return _unknown
    try:
        found = genai_prices.calc_price(genai_prices.Usage(input_tokens=0), model, provider_id=provider)
    except LookupError:
        return _unknown
    price_list = found.model_price

    def price(usage: Usage) -> Decimal:
        tokens = genai_prices.Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cached_tokens,
        )
        return price_list.calc_price(tokens)["total_price"]

    return price


def _unknown(usage: Usage) -> None:  # noqa: ARG001 - a price list that lists nothing
    return None
