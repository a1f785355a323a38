"""The tax that prices include.

Prices include tax. The tax is taken out of the sum of each tax class, once, and rounded to the nearest minor unit,
halves up: `tax = gross * rate / (1 + rate)`. It is not taken out line by line, so that the parts of a bill add up
to its whole, and net and tax of a class are its gross exactly.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from apps.storefront.shop.money import Money

TaxClass = Literal["standard", "reduced", "zero"]

_WHOLE_BP: Final = 10_000


class Tax(BaseModel):
    """The tax that one class of a bill includes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tax_class: TaxClass
    rate_bp: int
    """Hundredths of a percent: 1900 is 19 %."""
    gross: Money
    """The sum of the class, with tax."""
    tax: Money
    """What of it is tax."""


def included(gross: Money, rate_bp: int) -> Money:
    """Give the tax in an amount that includes it."""
    over = _WHOLE_BP + rate_bp
    return Money(minor=(2 * gross.minor * rate_bp + over) // (2 * over), currency=gross.currency)


def taxes(amounts: Iterable[tuple[TaxClass, Money]], rates_bp: Mapping[TaxClass, int]) -> tuple[Tax, ...]:
    """Give the tax of each class that occurs, in the order of the rates, the highest first."""
    sums: dict[TaxClass, Money] = {}
    for tax_class, gross in amounts:
        sums[tax_class] = sums[tax_class] + gross if tax_class in sums else gross
    ordered = sorted(sums, key=lambda tax_class: -rates_bp[tax_class])
    return tuple(
        Tax(
            tax_class=tax_class,
            rate_bp=rates_bp[tax_class],
            gross=sums[tax_class],
            tax=included(sums[tax_class], rates_bp[tax_class]),
        )
        for tax_class in ordered
    )
