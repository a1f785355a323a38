"""What a conversation left behind: everything that checks look at, and nothing that could change any more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from apps.storefront.evaluation.conversation import CUSTOMER
from apps.storefront.evaluation.world import World
from apps.storefront.shop import Order, Terms
from apps.storefront.shop.orders import State
from mainspring.core import JsonObject

SOLD: Final[frozenset[State]] = frozenset({"placed", "shipped", "delivered"})
"""States of an order that was placed and is to be delivered, or was."""
_TAKING: Final[frozenset[State]] = SOLD | {"reserved", "authorised"}
"""States of an order whose pieces nobody else can have."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a human was asked, and what the human said."""

    tool: str
    arguments: JsonObject
    question: str
    verdict: Literal["approve", "deny"]


@dataclass(frozen=True, slots=True)
class Findings:
    """What is there after a conversation, beside what was there before."""

    answers: tuple[str, ...]
    """What the customer was told, turn by turn."""
    asked: tuple[Asked, ...]
    n_placed: tuple[int, ...]
    """How many new orders had been placed after each turn."""
    before: Mapping[str, Order]
    """The orders that were there, by the names that the conversation gives them."""
    earlier: Mapping[str, Order]
    """The same orders as they stand now."""
    new: tuple[Order, ...]
    """The customer's other orders, whatever their state."""
    stock_before: Mapping[str, int]
    stock: Mapping[str, int]
    """How many can be had of each piece."""
    terms: Terms

    @property
    def ids(self) -> dict[str, str]:
        """The ids of the orders that were there, by the names that the conversation gives them."""
        return {name: order.id for name, order in self.before.items()}

    @property
    def placed(self) -> tuple[Order, ...]:
        """The new orders that stand."""
        return tuple(order for order in self.new if order.state in SOLD)

    @property
    def mine(self) -> tuple[Order, ...]:
        """All orders of the customer."""
        return (*(order for order in self.earlier.values() if order.customer == CUSTOMER), *self.new)


def find(world: World, answers: Sequence[str], asked: Sequence[Asked], n_placed: Sequence[int]) -> Findings:
    """Look at everything."""
    shop = world.shop
    return Findings(
        answers=tuple(answers),
        asked=tuple(asked),
        n_placed=tuple(n_placed),
        before=world.orders,
        earlier={name: shop.order_status(order.customer, order.id) for name, order in world.orders.items()},
        new=new_orders(world),
        stock_before=world.stock,
        stock=shop.office.stock(),
        terms=shop.terms,
    )


def new_orders(world: World) -> tuple[Order, ...]:
    """Give the customer's orders that were not there before, the oldest first."""
    known = set(world.ids.values())
    return tuple(order for order in reversed(world.shop.orders(CUSTOMER)) if order.id not in known)


def was_placed(order: Order) -> bool:
    """Tell whether an order was placed at any time."""
    return any(move.state == "placed" for move in order.history)


def taken(orders: Sequence[Order]) -> dict[str, int]:
    """Give how many of each piece nobody else can have because of orders."""
    found: dict[str, int] = {}
    for order in orders:
        for line in order.lines if order.state in _TAKING else ():
            found[line.sku] = found.get(line.sku, 0) + line.n
    return found
