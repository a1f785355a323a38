"""What can be said of an order: its lines and sums, where it is, what was paid for it and given back."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from apps.storefront.shop.delivery import Address
from apps.storefront.shop.money import Money
from apps.storefront.shop.orders import State
from apps.storefront.shop.payments.ledger import PaymentState
from apps.storefront.shop.taxes import Tax, TaxClass


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrderLine(_Frozen):
    """A piece that was ordered."""

    sku: str
    name: str
    n: int
    price: Money
    """What one costs, tax included."""
    tax_class: TaxClass
    rate_bp: int


class Move(_Frozen):
    """A state an order came to."""

    state: State
    at: datetime
    why: str


class Adjustment(_Frozen):
    """Money that is given back."""

    id: str
    order: str
    kind: Literal["cancelled", "refunded"]
    state: Literal["pending", "done", "failed"]
    """`pending` until the provider has done it, then `done`, or `failed` if it refused."""
    amount: Money
    why: str
    at: datetime


class Claim(_Frozen):
    """Damage a customer has reported."""

    id: str
    order: str
    sku: str
    n: int
    words: str
    at: datetime
    at_most: Money
    """What the damaged pieces cost."""


class Order(_Frozen):
    """An order as it stands."""

    id: str
    customer: str
    state: State
    lines: tuple[OrderLine, ...]
    goods: Money
    delivery_fee: Money
    total: Money
    taxes: tuple[Tax, ...]
    """What of the total is tax, by class."""
    address: Address | None
    slot: str | None
    held_until: datetime
    """How long an open or reserved order holds its prices and pieces."""
    payment: PaymentState | None
    """The state of its last payment; None if nobody has tried to pay."""
    paid: Money
    """What was captured."""
    refunded: Money
    """What of it was given back."""
    history: tuple[Move, ...]
    adjustments: tuple[Adjustment, ...]
    claims: tuple[Claim, ...]
