"""What members answer, checked against the database before it counts: a wrong answer goes back to be mended.

Each check gives what is wrong, in words that say what to do about it; nothing where all is well.
"""

import re
from collections.abc import Callable
from typing import Final

from apps.storefront.shop import Shop
from apps.storefront.shop.errors import ShopError

_ORDER: Final = re.compile(r"\bO-[0-9a-f]+\b")
_SAYS_PLACED: Final = re.compile(
    r"(?<!not been )(?<!not be )(?<!not )(?<!nothing was )(?<!be )\b(placed|ordered|confirmed)\b", re.IGNORECASE
)
"""Words by which an order is said to be placed."""
_DENIES: Final = re.compile(r"\b(no|not|cannot|unable)\b|n't\b", re.IGNORECASE)
"""Words by which it is said that there is no such order."""


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
                return f"order {name} is only reserved, and not placed; say so"
        if not shop.orders(customer) and _SAYS_PLACED.search(answer):
            return "this customer has no orders: nothing was ordered; say so, and why"
        return ""

    return orders_are_so
