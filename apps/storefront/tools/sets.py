"""Sets of furniture: for each thing that is wanted one piece, all together within a budget.

candidates   what fits each wish: what its words find, and the cheapest
a set        one candidate for each wish; it counts how far down its pieces stand in their searches
found        the set that matches best, the best one with other pieces throughout, and the cheapest
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product, repeat
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from apps.storefront.shop import Money, Piece, Shop, Wanted
from apps.storefront.shop.catalogue import Kind

_CANDIDATES: Final = 7
_SKU: Final = re.compile(r"(?:\b(\d{1,2}) x )?\b([A-Z0-9]+-[A-Z0-9-]+)\b")
"""A SKU, with how many of it where that stands before it."""
_MOST_TRIED: Final = 4_096
"""Sets that are looked at; each wish has fewer candidates where there are many wishes."""


class Wish(BaseModel):
    """Pieces of one kind that are wanted."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    number: Annotated[int, Field(ge=1, le=30)]


@dataclass(frozen=True, slots=True)
class Picked:
    """A piece of a set."""

    piece: Piece
    n: int
    place: int
    """Where it stands in its search, from 0."""

    @property
    def price(self) -> Money:
        """What all of them cost."""
        return self.piece.price * self.n


Set = tuple[Picked, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What there is."""

    best: Set | None = None
    """The set within the budget that matches best."""
    other: Set | None = None
    """The best one that shares no piece with it."""
    cheapest: Set = ()
    """The cheapest set, whatever the budget; empty where something is missing."""
    missing: tuple[Wish, ...] = ()
    """Wishes that no piece fits."""


def find_sets(shop: Shop, wishes: Sequence[Wish], wanted: Wanted, budget: Money | None) -> Found:
    """Find sets.

    Args:
        shop: Where.
        wishes: What is wanted.
        wanted: What every piece must be.
        budget: What a set may cost, without delivery; None for anything.
    """
    width = max(1, int(_MOST_TRIED ** (1 / len(wishes))))
    each = [_candidates(shop, wish, wanted)[:width] for wish in wishes]
    missing = tuple(wish for wish, found in zip(wishes, each, strict=True) if not found)
    if missing:
        return Found(missing=missing)
    ranked = sorted(product(*each), key=lambda one: (sum(picked.place for picked in one), total(one).minor))
    cheapest = min(ranked, key=lambda one: total(one).minor)
    affordable = [one for one in ranked if budget is None or total(one).minor <= budget.minor]
    if not affordable:
        return Found(cheapest=cheapest)
    best = affordable[0]
    other = next((one for one in affordable if not _skus(one) & _skus(best)), None)
    return Found(best, other, cheapest)


def named_pieces(shop: Shop, wishes: Sequence[Wish], skus: str) -> Set:
    """Give the pieces whose SKUs are named; nothing where none is.

    There are as many of each as stand before it (`2 x CHR-003`), as are wanted of its kind, or in its place where
    the kinds are others.

    Raises:
        Unknown: There is no such piece.
    """
    numbers = {wish.kind: wish.number for wish in wishes}
    in_place = [*(wish.number for wish in wishes), *repeat(1, len(skus))]
    named = {sku: int(number or 0) for number, sku in _SKU.findall(skus)}
    pieces = [shop.piece(sku) for sku in named]
    return tuple(
        Picked(piece, named[piece.sku] or numbers.get(piece.kind, n), 0)
        for piece, n in zip(pieces, in_place, strict=False)
    )


def total(one: Set) -> Money:
    """Give what a set costs."""
    first, *rest = (picked.price for picked in one)
    return sum(rest, first)


def _candidates(shop: Shop, wish: Wish, wanted: Wanted) -> list[Picked]:
    """Give what fits a wish: what the words find first, then what is cheap."""
    asked = wanted.model_copy(update={"kinds": (wish.kind,), "in_stock": wish.number, "limit": _CANDIDATES})
    found = [*shop.search(asked), *shop.search(asked.model_copy(update={"text": ""}))]
    pieces = {piece.sku: piece for piece in found}.values()
    return [Picked(piece, wish.number, place) for place, piece in enumerate(pieces)]


def _skus(one: Set) -> set[str]:
    return {picked.piece.sku for picked in one}
