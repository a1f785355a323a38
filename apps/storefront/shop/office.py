"""What the shop's owner and staff do: prices, stock, shipping. Customers and their agents have no part in it."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from apps.storefront.shop import catalogue, orders, stock
from apps.storefront.shop.billing import bill
from apps.storefront.shop.bills import Order
from apps.storefront.shop.catalogue import Piece
from apps.storefront.shop.errors import WrongInput
from apps.storefront.shop.idempotency import Call, call, once
from apps.storefront.shop.money import Money
from apps.storefront.shop.orders import State
from apps.storefront.shop.setup import Setup

R = TypeVar("R", bound=BaseModel)


class Stock(BaseModel):
    """How many of a piece can be had."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: str
    left: int


class Office:
    """The back office; each write takes an idempotency key, as the shop's do.

    Args:
        setup: The shop's.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def stock(self) -> dict[str, int]:
        """Give how many of each piece can be had, by SKU."""
        with self._setup.database.read() as db:
            return {
                piece.sku: piece.stock for piece in map(catalogue.piece_of, db.execute(catalogue.select_pieces()))
            }

    def set_price(self, sku: str, price: Money, *, key: str) -> Piece:
        """Give a piece another price; checkouts under way keep theirs.

        Raises:
            Unknown: There is no such piece.
            WrongInput: The price is in another currency.
        """
        wanted = call(key, "set_price", sku=sku, price=price)
        return self._once(wanted, Piece, partial(catalogue.set_price, sku=sku, price=price))

    def restock(self, sku: str, n: int, *, key: str) -> Stock:
        """Add pieces that came in.

        Raises:
            Unknown: There is no such piece.
            WrongInput: The number is not above zero.
        """
        wanted = call(key, "restock", sku=sku, n=_positive(n))
        return self._once(wanted, Stock, lambda db: Stock(sku=sku, left=stock.add(db, sku, n)))

    def write_off(self, sku: str, n: int, *, key: str) -> Stock:
        """Strike pieces that broke or were lost, held by a checkout or not.

        Raises:
            Unknown: There is no such piece.
            WrongInput: There are not so many, or the number is not above zero.
        """
        wanted = call(key, "write_off", sku=sku, n=_positive(n))
        return self._once(wanted, Stock, lambda db: Stock(sku=sku, left=stock.write_off(db, sku, n)))

    def ship(self, order: str, *, key: str) -> Order:
        """Send a placed order on its way; it cannot be cancelled after that.

        Raises:
            Unknown: There is no such order.
            WrongState: It is not placed.
        """
        return self._move(call(key, "ship", order=order), order, "shipped", "left the warehouse")

    def deliver(self, order: str, *, key: str) -> Order:
        """Note that a shipped order has arrived.

        Raises:
            Unknown: There is no such order.
            WrongState: It was not shipped.
        """
        return self._move(call(key, "deliver", order=order), order, "delivered", "was handed over")

    def _move(self, wanted: Call, order: str, to: State, why: str) -> Order:
        def do(db: Connection) -> Order:
            orders.lock(db, order)
            orders.move(db, order, to, why, self._setup.clock.now())
            return bill(db, order)

        return self._once(wanted, Order, do)

    def _once(self, wanted: Call, kind: type[R], do: Callable[[Connection], R]) -> R:
        return once(self._setup.database, wanted, self._setup.clock.now(), kind, do)


def _positive(n: int) -> int:
    if n < 1:
        raise WrongInput(f"{n} is not a number of pieces above zero")
    return n
