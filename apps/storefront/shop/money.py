"""Amounts of money: whole minor units (cents) of one currency.

An amount is never negative, never a fraction and never a float; two currencies are never added.
"""

import re
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

_DECIMALS: Final = {"BHD": 3, "CLP": 0, "ISK": 0, "JPY": 0, "KRW": 0, "KWD": 3, "OMR": 3, "TND": 3, "VND": 0}
"""Digits of the minor unit (ISO 4217) where they are not two."""
_WRITTEN: Final = re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))? ?(?P<currency>[A-Z]{3})")


class Money(BaseModel):
    """An amount in one currency."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minor: int = Field(ge=0, strict=True)
    """Minor units: cents of a euro, yen of a yen."""
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """ISO 4217 code."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Read an amount as it is written: `1,249.00 EUR`.

        Raises:
            ValueError: It is written otherwise.
        """
        found = _WRITTEN.fullmatch(text.strip())
        decimals = _decimals(found["currency"]) if found else 0
        if found is None or len(found["part"] or "") not in {0, decimals}:
            raise ValueError(f"{text!r} is not an amount; write it like 1249.00 EUR")
        whole = int(found["whole"].replace(",", ""))
        return cls(minor=whole * 10**decimals + int(found["part"] or 0), currency=found["currency"])

    def __add__(self, other: "Money") -> "Money":
        return Money(minor=self.minor + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(minor=self.minor - self._same(other), currency=self.currency)

    def __mul__(self, n: int) -> "Money":
        return Money(minor=self.minor * n, currency=self.currency)

    def __str__(self) -> str:
        decimals = _decimals(self.currency)
        whole, part = divmod(self.minor, 10**decimals)
        return f"{whole:,}{f'.{part:0{decimals}}' if decimals else ''} {self.currency}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self} and {other} are in two currencies and cannot be reckoned together")
        return other.minor


def _decimals(currency: str) -> int:
    return _DECIMALS.get(currency, 2)
