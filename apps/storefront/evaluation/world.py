"""A shop of its own for each conversation, as that wants to find it, in which the clock stands still.

So the same words meet the same stock and the same days of delivery whenever they are said, and what one
conversation does is seen by no other.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from apps.storefront.evaluation.conversation import AT_HOME, Conversation, Earlier
from apps.storefront.shop import Address, Order, Shop, open_shop
from apps.storefront.weather import Normals, Weather
from mainspring.core import FakeClock, SeededRng

BEGINS: Final = datetime(2026, 5, 4, 9, tzinfo=UTC)
"""When every conversation takes place, a Monday."""
_LONGEST: Final = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class World:
    """What a conversation finds."""

    shop: Shop
    weather: Weather
    orders: Mapping[str, Order]
    """Orders that are there before, by the names that the conversation gives them."""
    stock: Mapping[str, int]
    """How many can be had of each piece."""

    @property
    def ids(self) -> dict[str, str]:
        """The ids of the orders that are there before."""
        return {name: order.id for name, order in self.orders.items()}


@contextmanager
def open_world(conversation: Conversation, folder: Path) -> Iterator[World]:
    """Open a fresh shop in a folder, and bring about what is to be there before the conversation."""
    clock = FakeClock((BEGINS - _LONGEST).timestamp())
    (folder / "shop.db").write_bytes(_stocked())
    shop = open_shop(str(folder / "shop.db"), clock=clock, rng=SeededRng(conversation.number))
    try:
        before = sorted(conversation.before.orders.items(), key=lambda item: -item[1].days_ago)
        orders = {}
        for name, earlier in before:
            _wait(clock, BEGINS - timedelta(days=earlier.days_ago))
            orders[name] = _buy(shop, name, earlier)
        _wait(clock, BEGINS)
        for sku, left in conversation.before.left.items():
            _leave(shop, sku, left)
        yield World(shop, Normals(clock=clock), orders, shop.office.stock())
    finally:
        shop.close()


def read_address(text: str) -> Address:
    """Read `Ada Lovelace, Pier 4, 20457 Hamburg`."""
    name, street, place = text.split(", ")
    *code, city = place.split(" ")
    return Address(name=name, street=street, postal_code=" ".join(code), city=city)


@cache
def _stocked() -> bytes:
    """Make the database of a shop in which nothing has happened yet, once: that takes longer than most else."""
    with tempfile.TemporaryDirectory(prefix="storefront-") as folder:
        path = Path(folder) / "shop.db"
        open_shop(str(path)).close()
        return path.read_bytes()


def _wait(clock: FakeClock, until: datetime) -> None:
    clock.advance(max(0.0, until.timestamp() - clock.now()))


def _buy(shop: Shop, name: str, earlier: Earlier) -> Order:
    """Place an order by invoice, and bring it as far as it is to be."""
    address = read_address(AT_HOME)
    for sku, n in earlier.pieces.items():
        shop.cart_add(earlier.customer, sku, n, key=f"{name}: {sku}")
    slot = shop.delivery_slots(address.postal_code)[0].id
    order = shop.checkout(earlier.customer, address=address, slot=slot, key=f"{name}: check out")
    order = shop.place(earlier.customer, order.id, total=order.total, pay_by="invoice", key=f"{name}: place")
    if earlier.state in {"shipped", "delivered"}:
        order = shop.office.ship(order.id, key=f"{name}: ship")
    if earlier.state == "delivered":
        order = shop.office.deliver(order.id, key=f"{name}: deliver")
    return order


def _leave(shop: Shop, sku: str, left: int) -> None:
    """Leave so many of a piece."""
    more = left - shop.piece(sku).stock
    if more > 0:
        shop.office.restock(sku, more, key=f"more {sku}")
    if more < 0:
        shop.office.write_off(sku, -more, key=f"fewer {sku}")
