"""Orders, from the checkout to the door, and the only moves their state may make.

     open ----> reserved ----> authorised ----> placed ----> shipped ----> delivered
      |  |        |  |             |              |
      |  +--> expired|             |              |
      |              |             |              |
      +--------------+--> cancelled <-------------+

    open        prices are held
    reserved    pieces and a delivery slot are held too
    authorised  the money is promised and the pieces are taken
    placed      the money is captured
    expired     nobody placed it in time; what it held is given back
    cancelled   nothing will be delivered; what it held or took is given back, and so is the money

Money given back is an adjustment beside the order (`cancelled`, `refunded`), not a state of it: part of an order
may be refunded after it was delivered. Every state an order has been in stays in its history.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, Row, Table, func, insert, select, update

from apps.storefront.shop import schema
from apps.storefront.shop.carts import Cart
from apps.storefront.shop.errors import Unknown, WrongState
from apps.storefront.shop.terms import DELIVERY_TAX_CLASS, Terms

State = Literal["open", "reserved", "authorised", "placed", "shipped", "delivered", "cancelled", "expired"]

MOVES: Final[Mapping[State, frozenset[State]]] = {
    "open": frozenset({"reserved", "cancelled", "expired"}),
    "reserved": frozenset({"authorised", "cancelled", "expired"}),
    "authorised": frozenset({"placed", "cancelled"}),
    "placed": frozenset({"shipped", "cancelled"}),
    "shipped": frozenset({"delivered"}),
    "delivered": frozenset(),
    "cancelled": frozenset(),
    "expired": frozenset(),
}
"""Where an order may go from each state."""

_ORDERS = schema.orders.c
_LINES = schema.order_lines.c


def create(db: Connection, terms: Terms, order: str, cart: Cart, now: float) -> None:
    """Open an order for what is in a cart, at the prices of this moment."""
    db.execute(
        insert(schema.orders).values(
            id=order,
            customer=cart.customer,
            state="open",
            currency=terms.currency,
            delivery_fee=0,
            delivery_rate_bp=terms.tax_rates_bp[DELIVERY_TAX_CLASS],
            address=None,
            slot=None,
            until=now + terms.hold_s,
            created_at=now,
        )
    )
    lines = [
        {
            "order_id": order,
            "sku": line.sku,
            "name": line.name,
            "n": line.n,
            "price": line.price.minor,
            "tax_class": line.tax_class,
            "rate_bp": terms.tax_rates_bp[line.tax_class],
        }
        for line in cart.lines
    ]
    db.execute(insert(schema.order_lines), lines)
    _note(db, order, "open", "checked out", now)


def lock(db: Connection, order: str, customer: str | None = None) -> Row[Any]:
    """Give an order's row, and keep others from moving it until the transaction ends.

    Args:
        db: A writing transaction.
        order: Its id.
        customer: Whose it must be; None for anybody's.

    Raises:
        Unknown: There is no such order, or it is another customer's.
    """
    found = db.execute(select(schema.orders).where(_ORDERS.id == order).with_for_update()).one_or_none()
    if found is None or customer not in {None, found.customer}:
        raise unknown(order)
    return found


def move(db: Connection, order: str, to: State, why: str, now: float) -> None:
    """Move an order to another state.

    Raises:
        WrongState: It may not go there from where it is.
    """
    sources = [state for state in get_args(State) if to in MOVES[state]]
    moved = update(schema.orders).where(_ORDERS.id == order, _ORDERS.state.in_(sources)).values(state=to)
    if db.execute(moved).rowcount != 1:
        state = db.execute(select(_ORDERS.state).where(_ORDERS.id == order)).scalar_one()
        raise WrongState(f"order {order!r} is {state}, and cannot become {to}")
    _note(db, order, to, why, now)


def pieces_of(db: Connection, order: str) -> dict[str, int]:
    """Give how many of which pieces an order is for."""
    return {row.sku: row.n for row in db.execute(select(_LINES.sku, _LINES.n).where(_LINES.order_id == order))}


def next_name(db: Connection, table: Table, order: str, prefix: str) -> str:
    """Name the next thing of an order that is locked, so that names sort as things came: `O-1f0c9a3b5d7e-A01`."""
    n = db.execute(select(func.count()).where(table.c.order_id == order)).scalar_one()
    return f"{order}-{prefix}{n + 1:02}"


def unknown(order: str) -> Unknown:
    """Say that there is no such order, in the same words whether there is none or it is somebody else's."""
    return Unknown(f"this customer has no order {order!r}; list the customer's orders to see which there are")


def _note(db: Connection, order: str, state: State, why: str, now: float) -> None:
    seq = db.execute(select(func.count()).where(schema.moves.c.order_id == order)).scalar_one()
    db.execute(insert(schema.moves).values(order_id=order, seq=seq, at=now, state=state, why=why))
