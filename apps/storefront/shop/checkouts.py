"""Checking out: a cart becomes an order that holds its prices, its pieces and a delivery slot, for a while.

Whoever checks out agrees to a total. Where prices are others than the customer has seen in the cart, nothing is
done until the caller comes back with the total that the refusal said.
"""

from typing import Any

from sqlalchemy import Connection, Row, update

from apps.storefront.shop import carts, delivery, orders, schema, stock
from apps.storefront.shop.billing import bill
from apps.storefront.shop.bills import Order
from apps.storefront.shop.carts import Cart
from apps.storefront.shop.delivery import Address
from apps.storefront.shop.ending import lapse
from apps.storefront.shop.errors import CheckoutExpired, EmptyCart, PriceChanged, WrongInput, WrongState
from apps.storefront.shop.idempotency import Call, once
from apps.storefront.shop.money import Money
from apps.storefront.shop.setup import Setup

_ORDERS = schema.orders.c


def check_out(
    setup: Setup, wanted: Call, customer: str, address: Address | None, slot: str | None, agreed: Money | None
) -> Order:
    """Make an order of a customer's cart, and empty the cart."""
    if (address is None) != (slot is None):
        raise WrongInput("an address and a delivery slot go together; give both, or neither and reserve later")
    now = setup.clock.now()
    order = setup.name("O")
    lapse(setup)

    def do(db: Connection) -> Order:
        carts.open_cart(db, customer, now)
        cart = carts.show(db, setup.terms, customer)
        if not cart.lines:
            raise EmptyCart(f"the cart of {customer!r} is empty; what was checked out is in the customer's orders")
        orders.create(db, setup.terms, order, cart, now)
        carts.empty(db, customer)
        if address is not None and slot is not None:
            _hold(db, setup, order, address, slot)
        made = bill(db, order)
        _agree(cart, made.total, agreed)
        return made

    return once(setup.database, wanted, now, Order, do)


def reserve(setup: Setup, wanted: Call, customer: str, order: str, address: Address, slot: str) -> Order:
    """Hold the pieces and a delivery slot of an open order."""
    lapse(setup)

    def do(db: Connection) -> Order:
        found = orders.lock(db, order, customer)
        still_held(found, setup.clock.now())
        if found.state != "open":
            raise WrongState(f"order {order!r} is {found.state}; only an open one can be reserved")
        _hold(db, setup, order, address, slot)
        return bill(db, order)

    return once(setup.database, wanted, setup.clock.now(), Order, do)


def change_address(
    setup: Setup, wanted: Call, customer: str, order: str, address: Address, slot: str | None
) -> Order:
    """Send an order elsewhere, at the fee that was agreed to."""

    def do(db: Connection) -> Order:
        now = setup.clock.now()
        found = orders.lock(db, order, customer)
        if found.state not in {"reserved", "placed"}:
            raise WrongState(
                f"order {order!r} is {found.state}; the address of a reserved or placed one can be changed"
            )
        if found.state == "reserved":
            still_held(found, now)
        there = delivery.area_of(setup.terms, address.postal_code).name
        kept = slot in {None, found.slot}
        if kept and found.slot.partition("/")[0] != there:
            raise WrongInput(f"the slot {found.slot!r} does not serve {address.postal_code}; give another one too")
        if not kept and slot is not None:
            _rebook(db, setup, found, address, slot)
        db.execute(update(schema.orders).where(_ORDERS.id == order).values(address=address.model_dump_json()))
        return bill(db, order)

    return once(setup.database, wanted, setup.clock.now(), Order, do)


def still_held(order: Row[Any], now: float) -> None:
    """Refuse an open or reserved order whose time has passed.

    Raises:
        CheckoutExpired: It has.
    """
    if order.state == "expired" or (order.state in {"open", "reserved"} and order.until <= now):
        raise CheckoutExpired(
            f"order {order.id!r} was not placed in time, and holds nothing any more; "
            "its pieces are in the cart again: check out once more"
        )


def _hold(db: Connection, setup: Setup, order: str, address: Address, slot: str) -> None:
    now = setup.clock.now()
    stock.hold(db, orders.pieces_of(db, order))
    fee = delivery.book(db, setup.terms, slot, address.postal_code, now)
    values = {"address": address.model_dump_json(), "slot": slot, "delivery_fee": fee.minor}
    db.execute(update(schema.orders).where(_ORDERS.id == order).values(**values))
    orders.move(db, order, "reserved", f"holds its pieces and the slot {slot}", now)


def _rebook(db: Connection, setup: Setup, order: Row[Any], address: Address, slot: str) -> None:
    """Book another slot, unless it is dearer than what the customer agreed to."""
    delivery.lock_slots(db, order.slot, slot)
    fee = delivery.book(db, setup.terms, slot, address.postal_code, setup.clock.now())
    if fee.minor > order.delivery_fee:
        agreed = setup.terms.money(order.delivery_fee)
        raise WrongInput(
            f"delivery to {address.postal_code} costs {fee}, and {agreed} was agreed to; "
            "cancel the order and check out again"
        )
    delivery.free(db, order.slot)
    db.execute(update(schema.orders).where(_ORDERS.id == order.id).values(slot=slot))


def _agree(cart: Cart, total: Money, agreed: Money | None) -> None:
    """Refuse a total that nobody agreed to.

    Raises:
        PriceChanged: Prices are others than the customer has seen, or the total is another than was named.
    """
    if agreed == total or (agreed is None and not cart.changes):
        return
    named = () if agreed is None else (f"{agreed} was agreed to",)
    raise PriceChanged(cart.changes + named, total)
