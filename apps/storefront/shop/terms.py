"""What the shop's owner decides: currency, tax rates, how long a checkout holds, where and when things are
delivered.

`terms.toml` beside this file is one owner's; another is read with `read_terms(path)`.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from apps.storefront.shop.money import Money
from apps.storefront.shop.taxes import TaxClass
from mainspring.core.errors import ConfigError

OWN_TERMS: Final = Path(__file__).parent / "terms.toml"
DELIVERY_TAX_CLASS: Final[TaxClass] = "standard"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Area(_Frozen):
    """Where a van goes, and when."""

    name: str = Field(pattern=r"^[a-z-]{1,32}$")
    postal_prefixes: tuple[str, ...]
    """The area serves postal codes that begin so; the longest prefix of any area wins."""
    fee: int = Field(ge=0)
    """Minor units for one delivery, tax included."""
    weekdays: frozenset[Annotated[int, Field(ge=0, le=6)]]
    """Days of the week; Monday is 0."""
    capacity: int = Field(ge=0)
    """Deliveries in one window."""


class Delivery(_Frozen):
    """How far ahead deliveries are made, and where."""

    lead_days: int = Field(ge=0)
    horizon_days: int = Field(ge=1)
    windows: tuple[str, ...]
    areas: tuple[Area, ...]


class Terms(_Frozen):
    """Everything the owner decides."""

    name: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    hold_s: float = Field(gt=0)
    """Seconds a checkout holds prices, pieces and its delivery slot."""
    tax_rates_bp: dict[TaxClass, int]
    """Hundredths of a percent, for each class."""
    invoice_limit: int = Field(ge=0)
    """Minor units of the dearest order that may be paid by invoice."""
    invoice_days: int = Field(ge=0)
    approval_limit: int = Field(default=0, ge=0)
    """Minor units of the dearest order that an agent may place without a human's yes."""
    delivery: Delivery

    def money(self, minor: int) -> Money:
        """Give an amount in the shop's currency."""
        return Money(minor=minor, currency=self.currency)


def read_terms(path: Path = OWN_TERMS) -> Terms:
    """Read an owner's terms.

    Raises:
        ConfigError: The file cannot be read, or says something that makes no sense.
    """
    try:
        return Terms.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"the terms of the shop in {str(path)!r} cannot be used: {error}") from error
