"""Ending an order that will not be delivered: what it holds or has taken is given back.

The order moves, its pieces go back on sale, its delivery slot is freed, and what never was paid goes back into the
customer's cart, all in one transaction. Money is not given back here: the payment is marked, and undone outside.
"""

from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from apps.storefront.shop import carts, delivery, orders, schema, stock
from apps.storefront.shop.payments import ledger
from apps.storefront.shop.setup import Setup

_ORDERS = schema.orders.c


def end(db: Connection, order: Row[Any], to: Literal["cancelled", "expired"], why: str, now: float) -> None:
    """End an order that is locked.

    Raises:
        WrongState: It has been shipped, or has ended.
    """
    orders.move(db, order.id, to, why, now)
    wanted = orders.pieces_of(db, order.id)
    if order.state in {"open", "reserved"}:
        _refill_cart(db, order, now)
    if order.state == "reserved":
        stock.release(db, wanted)
    if order.state in {"authorised", "placed"}:
        stock.put_back(db, wanted)
    if order.state != "open":
        delivery.free(db, order.slot)


def lapse(setup: Setup) -> tuple[str, ...]:
    """Let checkouts expire whose time has passed and whose payment is not in doubt; give their ids."""
    now = setup.clock.now()
    with setup.database.read() as db:
        late = _ORDERS.state.in_(["open", "reserved"]) & (_ORDERS.until <= now)
        due = db.execute(select(_ORDERS.id).where(late).order_by(_ORDERS.until)).scalars().all()
    return tuple(order for order in due if _lapse(setup, order, now))


def _lapse(setup: Setup, order: str, now: float) -> bool:
    with setup.database.write() as db:
        found = orders.lock(db, order)
        if found.state not in {"open", "reserved"} or ledger.live(db, order) is not None:
            return False
        end(db, found, "expired", "nobody placed it in time", now)
        return True


def _refill_cart(db: Connection, order: Row[Any], now: float) -> None:
    carts.open_cart(db, order.customer, now)
    lines = schema.order_lines
    for line in db.execute(select(lines).where(lines.c.order_id == order.id).order_by(lines.c.sku)).all():
        carts.put_back(db, order.customer, line.sku, line.n, line.price)
