"""Finding pieces, by words and by what they must be, and comparing them.

What is asked for by attributes is kept to strictly; words only order what is found, the best first. A search by
attributes alone gives the cheapest first.
"""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Select

from apps.storefront.shop import schema, words
from apps.storefront.shop.catalogue import (
    STANDS,
    Grade,
    Kind,
    Piece,
    Size,
    Stands,
    find_pieces,
    piece_of,
    select_pieces,
)
from apps.storefront.shop.errors import WrongInput
from apps.storefront.shop.money import Money

_MOST_COMPARED: Final = 6
_PIECES: Final = schema.pieces.c


class Wanted(BaseModel):
    """What a customer looks for; what is left out does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(default="", max_length=400)
    """Any words."""
    kinds: tuple[Kind, ...] = ()
    """One of these."""
    stands: Stands = "indoor"
    """Where it is to stand: outside under a roof leaves pieces for rooms out, under the sky those for roofs too."""
    rain: Grade = 0
    """The least it must stand, as for the three below."""
    frost: Grade = 0
    sun: Grade = 0
    salt: Grade = 0
    max_width_mm: Size | None = None
    max_depth_mm: Size | None = None
    max_height_mm: Size | None = None
    max_price: Money | None = None
    in_stock: int = Field(default=0, ge=0)
    """How many must be left."""
    limit: int = Field(default=10, ge=1, le=100)


class Comparison(BaseModel):
    """Pieces side by side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    skus: tuple[str, ...]
    same: dict[str, str]
    """What is the same of all of them, in words."""
    different: dict[str, tuple[str, ...]]
    """What is not, one value for each, in the order of the SKUs."""


def search(db: Connection, wanted: Wanted) -> list[Piece]:
    """Find pieces."""
    statement = _filtered(select_pieces(), wanted)
    said = words.terms(wanted.text)
    if said:
        statement = words.matching(db, statement, _PIECES.sku, said)
    else:
        statement = statement.order_by(_PIECES.price, _PIECES.sku)
    return [piece_of(row) for row in db.execute(statement.limit(wanted.limit))]


def compare(db: Connection, skus: Sequence[str]) -> Comparison:
    """Put pieces side by side.

    Raises:
        WrongInput: Fewer than two pieces, or too many, are given.
        Unknown: There is no piece of one of the SKUs.
    """
    wanted = tuple(dict.fromkeys(skus))
    if not 2 <= len(wanted) <= _MOST_COMPARED:
        raise WrongInput(f"{len(wanted)} pieces are given; compare two to {_MOST_COMPARED} different ones")
    found = find_pieces(db, wanted)
    said = [_said(found[sku]) for sku in wanted]
    columns = {name: tuple(words_[name] for words_ in said) for name in said[0]}
    return Comparison(
        skus=wanted,
        same={name: values[0] for name, values in columns.items() if len(set(values)) == 1},
        different={name: values for name, values in columns.items() if len(set(values)) > 1},
    )


def _filtered(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    """Keep what fits the attributes."""
    kept = statement.where(_PIECES.stands >= STANDS.index(wanted.stands))
    if wanted.kinds:
        kept = kept.where(_PIECES.kind.in_(wanted.kinds))
    for name in ("rain", "frost", "sun", "salt"):
        if least := getattr(wanted, name):
            kept = kept.where(_PIECES[name] >= least)
    for name in ("width_mm", "depth_mm", "height_mm"):
        if (most := getattr(wanted, f"max_{name}")) is not None:
            kept = kept.where(_PIECES[name] <= most)
    if wanted.max_price is not None:
        same_currency = _PIECES.currency == wanted.max_price.currency
        kept = kept.where(_PIECES.price <= wanted.max_price.minor, same_currency)
    if wanted.in_stock:
        kept = kept.where(schema.stock.c.on_hand - schema.stock.c.held >= wanted.in_stock)
    return kept


def _said(piece: Piece) -> dict[str, str]:
    """Say a piece's attributes in words."""
    size = piece.size
    folded = piece.folded
    return {
        "name": piece.name,
        "kind": piece.kind,
        "price": str(piece.price),
        "may stand": piece.stands,
        **{name: f"{grade} of 3" for name, grade in piece.weather.model_dump().items()},
        "width × depth × height": f"{size.width_mm} × {size.depth_mm} × {size.height_mm} mm",
        "folded": f"{folded.width_mm} × {folded.depth_mm} × {folded.height_mm} mm" if folded else "does not fold",
        "weight": f"{piece.weight_g / 1000:g} kg",
        "materials": ", ".join(piece.materials),
        "in stock": str(piece.stock),
    }
