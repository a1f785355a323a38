"""Fifty buyers at once who place orders in the storefront's shop until a chair is sold out, and what its books say.

An order is what a customer does: a chair into the cart, the checkout with an address and a delivery slot, and the
payment by invoice. Buyers are threads of this process. What was sold, what is left and what was charged is counted
in the database afterwards, not by the buyers.
"""

import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Final

from sqlalchemy import Connection, func, select

from apps.storefront.shop import Address, Piece, Shop, Terms, open_shop, read_terms, schema
from apps.storefront.shop.catalogue import read_pieces
from apps.storefront.shop.database import open_database
from apps.storefront.shop.errors import OutOfStock, ShopUnavailable
from tests.services.postgres import fresh_database

N_BUYERS: Final = 50
N_CHAIRS: Final = 200
MOST_UNANSWERED: Final = 10
"""Of one buyer; a database that is gone for good is an error."""
_AT_HOME: Final = Address(name="Ada", street="Pier 1", postal_code="20095", city="Town")

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Sold:
    """What a database says of a chair that was sold."""

    n_orders: int
    """Placed orders of it."""
    oversold: int
    """Chairs of placed orders that there never were, and chairs that are neither sold nor on sale."""
    owed: int
    """What the placed orders come to, in cents."""
    charged: int
    """What was captured of all bills, in cents."""


def measure_orders(server: str | None, *, n_buyers: int = N_BUYERS, n_chairs: int = N_CHAIRS) -> Figures:
    """Sell a chair out on SQLite, and on PostgreSQL where there is a server.

    Args:
        server: A PostgreSQL server whose user may make databases.
        n_buyers: How many buy at once, one order after the other.
        n_chairs: How many there are of what they buy.
    """
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-shop-") as folder:
        of_each = {
            "sqlite": sold_out(f"sqlite:///{Path(folder, 'shop.db')}", n_buyers=n_buyers, n_chairs=n_chairs)[0]
        }
    if server is not None:
        with fresh_database(server) as url:
            of_each["postgres"] = sold_out(url, n_buyers=n_buyers, n_chairs=n_chairs)[0]
    sums = {key: sum(of_one[key] for of_one in of_each.values()) for key in ("oversold", "money_missing")}
    return {f"{name}_{key}": value for name, of_one in of_each.items() for key, value in of_one.items()} | sums


def sold_out(url: str, *, n_buyers: int, n_chairs: int) -> tuple[Figures, str]:
    """Open a shop in an empty database and sell a chair out; give the figures, and the SKU of the chair.

    Args:
        url: The database.
        n_buyers: How many buy at once, one order after the other.
        n_chairs: How many there are.
    """
    with _shop(url, n_chairs) as (shop, chair):
        start = Barrier(n_buyers + 1)
        slot = shop.delivery_slots(_AT_HOME.postal_code)[0].id
        with ThreadPoolExecutor(n_buyers) as threads:
            buyers = [threads.submit(_buys, shop, chair, slot, f"buyer {n}", start) for n in range(n_buyers)]
            start.wait()
            began_s, cpu_s = time.perf_counter(), time.process_time()
            taken_s = [order_s for buyer in buyers for order_s in buyer.result()[0]]
            wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        shop.recover()
    sold = counted(url, chair, n_chairs)
    figures: Figures = {
        "per_s": sold.n_orders / wall_s,
        "median_ms": 1000 * statistics.median(taken_s),
        "cpu_ms": 1000 * cpu_s / sold.n_orders,
        "n_orders": sold.n_orders,
        "n_unanswered": sum(buyer.result()[1] for buyer in buyers),
        "oversold": sold.oversold,
        "money_missing": abs(sold.owed - sold.charged),
    }
    return figures, chair


def _buys(shop: Shop, chair: str, slot: str, customer: str, start: Barrier) -> tuple[list[float], int]:
    """Buy one chair after the other until there is none.

    Returns:
        The seconds that each order took, and how many were left half-way because the database did not answer.
    """
    taken_s: list[float] = []
    n_unanswered = 0
    start.wait()
    while True:
        began_s = time.perf_counter()
        add, check, pay = (secrets.token_hex(8) for _ in range(3))
        try:
            shop.cart_add(customer, chair, key=add)
            order = shop.checkout(customer, address=_AT_HOME, slot=slot, key=check)
            shop.place(customer, order.id, total=order.total, pay_by="invoice", key=pay)
        except OutOfStock:
            return taken_s, n_unanswered
        except ShopUnavailable:
            n_unanswered += 1
            if n_unanswered > MOST_UNANSWERED:
                raise
        else:
            taken_s.append(time.perf_counter() - began_s)


@contextmanager
def _shop(url: str, n_chairs: int) -> Iterator[tuple[Shop, str]]:
    """Open a shop with the bundled furniture, so many of the first piece, and vans for all orders."""
    first, *others = read_pieces()
    pieces: list[Piece] = [first.model_copy(update={"stock": n_chairs}), *others]
    shop = open_shop(url, pieces=pieces, terms=_roomy(n_chairs))
    try:
        yield shop, first.sku
    finally:
        shop.close()


def _roomy(capacity: int) -> Terms:
    terms = read_terms()
    areas = tuple(area.model_copy(update={"capacity": capacity}) for area in terms.delivery.areas)
    return terms.model_copy(update={"delivery": terms.delivery.model_copy(update={"areas": areas})})


def counted(url: str, chair: str, n_chairs: int) -> Sold:
    """Count in a shop's database what was sold of a chair, what is left, what is owed and what was charged.

    Args:
        url: The database.
        chair: The SKU of what was sold.
        n_chairs: How many there were.
    """
    database = open_database(url)
    try:
        with database.read() as db:
            return _sold(db, chair, n_chairs)
    finally:
        database.close()


def _sold(db: Connection, chair: str, n_chairs: int) -> Sold:
    """Count what was sold, what is left, what is owed and what was charged."""
    orders, lines, stock, bills = schema.orders.c, schema.order_lines.c, schema.stock.c, schema.invoices.c
    placed = orders.state == "placed"
    of_placed = schema.order_lines.join(schema.orders, lines.order_id == orders.id)
    n_sold, goods = db.execute(
        select(func.coalesce(func.sum(lines.n), 0), func.coalesce(func.sum(lines.n * lines.price), 0))
        .select_from(of_placed)
        .where(placed, lines.sku == chair)
    ).one()
    n_orders, fees = db.execute(
        select(func.count(), func.coalesce(func.sum(orders.delivery_fee), 0)).where(placed)
    ).one()
    n_left = db.execute(select(stock.on_hand).where(stock.sku == chair)).scalar_one()
    charged = db.execute(select(func.coalesce(func.sum(bills.captured - bills.refunded), 0))).scalar_one()
    return Sold(int(n_orders), abs(int(n_sold) + int(n_left) - n_chairs), int(goods) + int(fees), int(charged))
