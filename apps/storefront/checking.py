"""What members answer, checked against the database before the shop is told: a wrong answer goes back to be mended.

Each check gives what is wrong, in words that say what to do about it; nothing where all is well.
"""

import re
from collections.abc import Callable
from typing import Final

from apps.storefront.shop import Shop
from apps.storefront.shop.errors import ShopError
from apps.storefront.tasks import Choice, Reservation

_ORDER: Final = re.compile(r"\bO-[0-9a-f]+\b")
_SAYS_PLACED: Final = re.compile(
    r"(?<!not been )(?<!not be )(?<!not )(?<!nothing was )(?<!be )\b(placed|ordered|confirmed)\b", re.IGNORECASE
)
"""Words by which an order is said to be placed."""
_DENIES: Final = re.compile(r"\b(no|not|cannot|unable)\b|n't\b", re.IGNORECASE)
"""Words by which it is said that there is no such order."""


def choice_check(shop: Shop) -> Callable[[Choice], str]:
    """Make the check that a choice is of pieces that there are, and that they come to its total."""

    def choice_adds_up(choice: Choice) -> str:
        if not choice.items:
            return "nothing was chosen, so the total must be empty" if choice.total else ""
        try:
            prices = [shop.piece(item.sku).price * item.number for item in choice.items]
        except ShopError as error:
            return str(error)
        total = sum(prices[1:], prices[0])
        return "" if choice.total == str(total) else f"these items come to {total}; write that as the total"

    return choice_adds_up


def answer_check(shop: Shop, customer: str) -> Callable[[str], str]:
    """Make the check that what a customer is told of orders is so."""

    def orders_are_so(answer: str) -> str:
        for name in dict.fromkeys(_ORDER.findall(answer)):
            try:
                order = shop.order_status(customer, name)
            except ShopError as error:
                if not _DENIES.search(answer):
                    return str(error)
                continue
            if order.state == "reserved" and _SAYS_PLACED.search(answer):
                return (
                    f"order {name} is only reserved, and not placed: if it is wanted, call place_order with "
                    f"order {name} and total {order.total}; if that was refused, say so"
                )
        if not shop.orders(customer) and _SAYS_PLACED.search(answer):
            return "this customer has no orders: nothing was ordered; say so, and why"
        return ""

    return orders_are_so


def reservation_check(shop: Shop, customer: str) -> Callable[[Reservation], str]:
    """Make the check that what the clerk says is reserved is so, at its total."""

    def is_reserved_so(reservation: Reservation) -> str:
        if not reservation.order:
            return "nothing was reserved, so the total must be empty" if reservation.total else ""
        try:
            order = shop.order_status(customer, reservation.order)
        except ShopError as error:
            return str(error)
        total = str(order.total)
        return "" if reservation.total == total else f"order {order.id} comes to {total}; write that as the total"

    return is_reserved_so
