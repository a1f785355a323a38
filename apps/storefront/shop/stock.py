"""How many pieces there are: on hand, and held by open checkouts.

A checkout holds pieces; placing the order takes them; cancelling it or letting it expire releases them, or puts
them back once they were taken. Each is one conditional update inside the transaction that moves the order, so that
it happens once, and never leaves less than nothing. What the owner writes off may be held: then the order that
comes too late finds its pieces gone.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from apps.storefront.shop import schema
from apps.storefront.shop.errors import OutOfStock, Unknown, WrongInput

_STOCK = schema.stock.c

Wanted = Mapping[str, int]
"""How many of which SKU."""


def left(db: Connection, sku: str) -> int:
    """Give how many can be had.

    Raises:
        Unknown: There is no such piece.
    """
    found = db.execute(select(_STOCK.on_hand - _STOCK.held).where(_STOCK.sku == sku)).scalar_one_or_none()
    if found is None:
        raise Unknown(f"there is no piece {sku!r}; search the catalogue, and copy a SKU from what it finds")
    return max(0, int(found))


def hold(db: Connection, wanted: Wanted) -> None:
    """Hold pieces for a checkout.

    Raises:
        OutOfStock: Fewer are left.
    """
    for sku, n in sorted(wanted.items()):
        held = update(schema.stock).where(_STOCK.sku == sku, _STOCK.on_hand - _STOCK.held >= n)
        if db.execute(held.values(held=_STOCK.held + n)).rowcount != 1:
            raise OutOfStock(sku, n, left(db, sku))


def release(db: Connection, held: Wanted) -> None:
    """Give back what a checkout held."""
    for sku, n in sorted(held.items()):
        db.execute(update(schema.stock).where(_STOCK.sku == sku).values(held=_STOCK.held - n))


def take(db: Connection, held: Wanted) -> None:
    """Take pieces that a checkout held, for good.

    Raises:
        OutOfStock: They are gone, though they were held; nothing is taken if the transaction is undone.
    """
    for sku, n in sorted(held.items()):
        taken = update(schema.stock).where(_STOCK.sku == sku, _STOCK.on_hand >= n)
        if db.execute(taken.values(on_hand=_STOCK.on_hand - n, held=_STOCK.held - n)).rowcount != 1:
            raise OutOfStock(sku, n, left(db, sku))


def put_back(db: Connection, taken: Wanted) -> None:
    """Put pieces of a cancelled order back on sale."""
    for sku, n in sorted(taken.items()):
        add(db, sku, n)


def add(db: Connection, sku: str, n: int) -> int:
    """Add pieces that came in, and give how many can be had.

    Raises:
        Unknown: There is no such piece.
    """
    db.execute(update(schema.stock).where(_STOCK.sku == sku).values(on_hand=_STOCK.on_hand + n))
    return left(db, sku)


def write_off(db: Connection, sku: str, n: int) -> int:
    """Strike pieces that broke or were lost, held or not, and give how many can be had.

    Raises:
        Unknown: There is no such piece.
        WrongInput: There are not so many.
    """
    struck = update(schema.stock).where(_STOCK.sku == sku, _STOCK.on_hand >= n)
    if db.execute(struck.values(on_hand=_STOCK.on_hand - n)).rowcount != 1:
        raise WrongInput(f"{n} of {sku!r} cannot be written off: {left(db, sku)} can be had at most")
    return left(db, sku)
