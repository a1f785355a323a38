"""Which orders a customer means: by number, by the piece, by what can be done with them, by what was said of them.

A word that fits no order means none; it is not stretched to the only one there is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from apps.storefront.said import even, names, names_any
from apps.storefront.shop.orders import State
from apps.storefront.tasks import Deed
from apps.storefront.tools.fields import Bought, BoughtLine
from mainspring.core import JsonObject

_SKU: Final = re.compile(r"\b[A-Z]{3}-\d{3}\b")
_WORD: Final = re.compile(r"[a-z]{4,}")
_WAITING: Final[frozenset[State]] = frozenset({"authorised", "placed"})
_THERE: Final[frozenset[State]] = frozenset({"shipped", "delivered"})
_FITTING: Final[Mapping[Deed, frozenset[State]]] = {
    "tell": _WAITING | _THERE,
    "cancel": _WAITING,
    "send elsewhere": _WAITING,
    "report broken": _THERE,
    "money back": _THERE,
}
"""States in which an order is likely to be meant."""


def orders_meant(orders: Sequence[Bought], asked: JsonObject) -> list[Bought]:
    """Give the orders that may be meant, the newest first; one where that is plain, none where nothing fits."""
    number, piece = str(asked["order"]), str(asked["piece"])
    if number:
        return [order for order in orders if order.order == number]
    with_piece = [order for order in orders if lines_meant(order, piece)]
    found = with_piece if with_piece or _is_furniture(piece) else [*orders]
    states = next(states for deed, states in _FITTING.items() if deed == asked["wish"])
    found = [order for order in found if order.state in states] or found
    named = [order for order in found if order.order in str(asked["told"])]
    if len(named) == 1:
        return named
    return found[:1] if asked["newest"] else found


def lines_meant(order: Bought, piece: str) -> list[BoughtLine]:
    """Give the pieces of an order that words mean: by SKU, by kind, or by a word of their names."""
    if skus := _SKU.findall(piece.upper()):
        return [line for line in order.lines if line.sku in skus]
    words = even(piece)
    of_kind = [line for line in order.lines if words and names(line.kind, words)]
    by_name = [line for line in order.lines if set(_WORD.findall(words)) & set(_WORD.findall(even(line.name)))]
    both = [line for line in of_kind if line in by_name]
    return both or of_kind or ([] if names_any(words) else by_name)


def _is_furniture(piece: str) -> bool:
    return bool(_SKU.search(piece.upper())) or names_any(even(piece))
