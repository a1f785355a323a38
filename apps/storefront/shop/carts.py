"""Carts: what a customer means to buy, one cart each.

A cart holds nothing back. Each line remembers the price the customer has seen; the price it has at the checkout may
be another, which is shown and must be agreed to.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, delete, select, update

from apps.storefront.shop import schema
from apps.storefront.shop.catalogue import find_pieces
from apps.storefront.shop.database import insert_once
from apps.storefront.shop.errors import OutOfStock, WrongInput
from apps.storefront.shop.money import Money
from apps.storefront.shop.taxes import TaxClass
from apps.storefront.shop.terms import Terms

MOST_OF_A_PIECE: Final = 99
MOST_LINES: Final = 50
_LINES = schema.cart_lines.c


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CartLine(_Frozen):
    """A piece in a cart."""

    sku: str
    name: str
    n: int
    price: Money
    """What one costs at the moment."""
    seen: Money
    """What one cost when the customer put it into the cart."""
    stock: int
    """How many can be had."""
    tax_class: TaxClass


class Cart(_Frozen):
    """A customer's cart."""

    customer: str
    lines: tuple[CartLine, ...]
    goods: Money
    """What the pieces cost together, tax included, without delivery."""

    @property
    def changes(self) -> tuple[str, ...]:
        """Say which prices are others than the customer has seen."""
        return tuple(
            f"{line.sku} costs {line.price}, not {line.seen}" for line in self.lines if line.price != line.seen
        )


def add(db: Connection, terms: Terms, customer: str, sku: str, n: int, now: float) -> Cart:
    """Put more of a piece into a cart.

    Raises:
        WrongInput: The number is out of range.
        Unknown: There is no such piece.
        OutOfStock: Fewer are left than would be in the cart.
    """
    open_cart(db, customer, now)
    there = db.execute(select(_LINES.n).where(_LINES.customer == customer, _LINES.sku == sku)).scalar_one_or_none()
    _checked(n, least=1)
    return put(db, terms, customer, sku, (there or 0) + n, now)


def put(db: Connection, terms: Terms, customer: str, sku: str, n: int, now: float) -> Cart:
    """Set how many of a piece are in a cart; 0 takes it out.

    Raises:
        WrongInput: The number is out of range.
        Unknown: There is no such piece.
        OutOfStock: Fewer are left.
    """
    _checked(n, least=0)
    piece = find_pieces(db, [sku])[sku]
    open_cart(db, customer, now)
    if n == 0:
        db.execute(delete(schema.cart_lines).where(_LINES.customer == customer, _LINES.sku == sku))
        return show(db, terms, customer)
    if n > piece.stock:
        raise OutOfStock(sku, n, piece.stock)
    _write(db, customer, sku, n, piece.price.minor)
    cart = show(db, terms, customer)
    if len(cart.lines) > MOST_LINES:
        raise WrongInput(f"a cart holds {MOST_LINES} different pieces at most; check out, or take one out first")
    return cart


def show(db: Connection, terms: Terms, customer: str) -> Cart:
    """Give a customer's cart with the prices of this moment; an empty one if there is none."""
    found = db.execute(select(schema.cart_lines).where(_LINES.customer == customer).order_by(_LINES.sku)).all()
    pieces = find_pieces(db, [row.sku for row in found])
    lines = tuple(
        CartLine(
            sku=row.sku,
            name=pieces[row.sku].name,
            n=row.n,
            price=pieces[row.sku].price,
            seen=terms.money(row.seen_price),
            stock=pieces[row.sku].stock,
            tax_class=pieces[row.sku].tax_class,
        )
        for row in found
    )
    goods = sum((line.price * line.n for line in lines), terms.money(0))
    return Cart(customer=customer, lines=lines, goods=goods)


def open_cart(db: Connection, customer: str, now: float) -> None:
    """Open a customer's cart if there is none, and lock it until the transaction ends."""
    if not insert_once(db, schema.carts, customer=customer, changed_at=now):
        where = schema.carts.c.customer == customer
        db.execute(update(schema.carts).where(where).values(changed_at=now))


def empty(db: Connection, customer: str) -> None:
    """Take everything out of a cart."""
    db.execute(delete(schema.cart_lines).where(_LINES.customer == customer))


def put_back(db: Connection, customer: str, sku: str, n: int, seen_price: int) -> None:
    """Put what a checkout did not come to back into its customer's cart, which is locked."""
    there = db.execute(select(_LINES.n).where(_LINES.customer == customer, _LINES.sku == sku)).scalar_one_or_none()
    _write(db, customer, sku, min(MOST_OF_A_PIECE, (there or 0) + n), seen_price)


def _write(db: Connection, customer: str, sku: str, n: int, seen_price: int) -> None:
    """Write a line; one that is there keeps the price its customer has seen."""
    if not insert_once(db, schema.cart_lines, customer=customer, sku=sku, n=n, seen_price=seen_price):
        where = (_LINES.customer == customer) & (_LINES.sku == sku)
        db.execute(update(schema.cart_lines).where(where).values(n=n))


def _checked(n: int, *, least: int) -> None:
    if not least <= n <= MOST_OF_A_PIECE:
        raise WrongInput(f"{n} is not a number of pieces between {least} and {MOST_OF_A_PIECE}")
