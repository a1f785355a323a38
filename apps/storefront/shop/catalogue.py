"""What the shop sells: pieces of furniture, read from `furniture.jsonl` once and kept in the database.

A piece says what weather it stands, on four scales from 0 (not at all) to 3 (for years), and where it may stand.
Prices include tax. How many are to be had is what is on hand less what open checkouts hold.
"""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Row, Select, select, update

from apps.storefront.shop import schema, words
from apps.storefront.shop.database import insert_once
from apps.storefront.shop.errors import Unknown, WrongInput
from apps.storefront.shop.money import Money
from apps.storefront.shop.taxes import TaxClass

FURNITURE: Final = Path(__file__).parent / "furniture.jsonl"

Kind = Literal[
    "chair", "table", "bench", "lounger", "sofa", "shelf", "storage", "lamp", "rug", "planter", "cushion"
]
Stands = Literal["indoor", "covered", "open"]
"""Where a piece may stand: in a room, under a roof outside, under the sky. Each includes those before it."""
STANDS: Final[tuple[Stands, ...]] = ("indoor", "covered", "open")
Grade = Annotated[int, Field(ge=0, le=3)]
"""0 not at all, 1 now and then, 2 a season, 3 for years."""
Size = Annotated[int, Field(gt=0)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stood(_Frozen):
    """The weather a piece stands."""

    rain: Grade = 0
    frost: Grade = 0
    sun: Grade = 0
    salt: Grade = 0
    """Salt air, as by the sea."""


class Dimensions(_Frozen):
    """Outer dimensions in millimetres."""

    width_mm: Size
    depth_mm: Size
    height_mm: Size


class Piece(_Frozen):
    """One thing that is sold."""

    sku: str = Field(pattern=r"^[A-Z0-9-]{3,24}$")
    name: str
    kind: Kind
    materials: tuple[str, ...]
    stands: Stands
    weather: Stood
    size: Dimensions
    folded: Dimensions | None = None
    """Its dimensions when it is folded or stacked away; None if it cannot be."""
    weight_g: Size
    price: Money
    tax_class: TaxClass = "standard"
    stock: int = Field(ge=0)
    """How many can be had."""
    description: str


def read_pieces(path: Path = FURNITURE) -> list[Piece]:
    """Read a file of pieces, one JSON object a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Piece.model_validate_json(line) for line in lines if line]


def stock_up(db: Connection, pieces: Iterable[Piece]) -> None:
    """Put pieces on sale that are not; those that are stay as they are."""
    for piece in pieces:
        if insert_once(db, schema.pieces, **_columns(piece)):
            db.execute(schema.stock.insert().values(sku=piece.sku, on_hand=piece.stock, held=0))
            words.index(db, piece.sku, _document(piece))


def is_empty(db: Connection) -> bool:
    """Tell whether nothing is on sale."""
    return db.execute(select(schema.pieces.c.sku).limit(1)).first() is None


def select_pieces() -> Select[Any]:
    """Begin a statement that gives what `piece_of` makes pieces of."""
    left = (schema.stock.c.on_hand - schema.stock.c.held).label("left")
    return select(schema.pieces.c.document, schema.pieces.c.price, left).join_from(schema.pieces, schema.stock)


def piece_of(row: Row[Any]) -> Piece:
    """Make a piece of its row, with the price and the stock of this moment."""
    piece = Piece.model_validate_json(row.document)
    price = Money(minor=row.price, currency=piece.price.currency)
    return piece.model_copy(update={"price": price, "stock": max(0, row.left)})


def find_pieces(db: Connection, skus: Collection[str]) -> dict[str, Piece]:
    """Give pieces by SKU.

    Raises:
        Unknown: There is no piece of one of the SKUs.
    """
    found = [piece_of(row) for row in db.execute(select_pieces().where(schema.pieces.c.sku.in_(skus)))]
    pieces = {piece.sku: piece for piece in found}
    if missing := sorted(set(skus) - set(pieces)):
        raise Unknown(f"there is no piece {missing[0]!r}; search the catalogue, and copy a SKU from what it finds")
    return pieces


def set_price(db: Connection, sku: str, price: Money) -> Piece:
    """Give a piece another price; checkouts under way keep theirs."""
    piece = find_pieces(db, [sku])[sku]
    if price.currency != piece.price.currency:
        raise WrongInput(f"{sku} is sold in {piece.price.currency}, and {price} is in another currency")
    db.execute(update(schema.pieces).where(schema.pieces.c.sku == sku).values(price=price.minor))
    return piece.model_copy(update={"price": price})


def _columns(piece: Piece) -> dict[str, object]:
    return {
        "sku": piece.sku,
        "kind": piece.kind,
        "name": piece.name,
        "stands": STANDS.index(piece.stands),
        **piece.weather.model_dump(),
        **piece.size.model_dump(),
        "price": piece.price.minor,
        "currency": piece.price.currency,
        "document": piece.model_dump_json(),
    }


def _document(piece: Piece) -> words.Document:
    return words.Document(
        kind=words.kind_words(piece.kind),
        name=piece.name,
        traits=words.trait_words(piece.stands, piece.weather.model_dump(), folds=piece.folded is not None),
        materials=" ".join(piece.materials),
        description=piece.description,
    )
