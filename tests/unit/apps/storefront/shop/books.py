"""What a shop's database says in the end, read from its tables and not from what the shop's calls gave."""

from collections import Counter as Tally
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from apps.storefront.shop import schema
from apps.storefront.shop.database import open_database
from tests.unit.apps.storefront.shop.shopping import CHAIR

_ORDERS, _LINES, _STOCK, _PAYMENTS = schema.orders.c, schema.order_lines.c, schema.stock.c, schema.payments.c
_SOLD = ("authorised", "placed", "shipped", "delivered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Orders, chairs and cents."""

    orders: dict[str, int] = field(default_factory=dict)
    """How many orders are in which state."""
    sold: int = 0
    """Chairs of orders that are paid for."""
    on_hand: int = 5
    held: int = 0
    in_carts: int = 0
    booked: int = 0
    """Deliveries."""
    owed: int = 0
    """What the orders that are paid for come to."""
    captured: int = 0
    """What was taken and not given back, over all payments."""
    n_captures: int = 0
    """Payments of which anything was captured."""


def books(url: str) -> Books:
    """Read a shop's tables."""
    database = open_database(url)
    try:
        with database.read() as db:
            return _read(db)
    finally:
        database.close()


def _read(db: Connection) -> Books:
    states = Tally(db.execute(select(_ORDERS.state)).scalars())
    of_sold = schema.order_lines.join(schema.orders, _LINES.order_id == _ORDERS.id)
    is_sold = _ORDERS.state.in_(_SOLD)
    goods = select(func.sum(_LINES.n * _LINES.price)).select_from(of_sold).where(is_sold)
    chairs = select(func.sum(_LINES.n)).select_from(of_sold).where(is_sold, _LINES.sku == CHAIR)
    stock = db.execute(select(_STOCK.on_hand, _STOCK.held).where(_STOCK.sku == CHAIR)).one()
    in_carts = select(func.sum(schema.cart_lines.c.n)).where(schema.cart_lines.c.sku == CHAIR)
    fees = select(func.sum(_ORDERS.delivery_fee)).where(is_sold)
    taken = select(func.sum(_PAYMENTS.captured - _PAYMENTS.refunded))
    captures = select(func.count()).where(_PAYMENTS.captured > 0)

    def number(statement: object) -> int:
        return int(db.execute(statement).scalar_one() or 0)  # type: ignore[call-overload]  # any statement of one number

    return Books(
        orders=dict(states),
        sold=number(chairs),
        on_hand=stock.on_hand,
        held=stock.held,
        in_carts=number(in_carts),
        booked=number(select(func.sum(schema.slots.c.booked))),
        owed=number(goods) + number(fees),
        captured=number(taken),
        n_captures=number(captures),
    )
