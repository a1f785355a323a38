"""Reading an order as it stands.

All sums are reckoned here, from the prices and rates the order was checked out with; nothing is taken from whoever
asks.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from apps.storefront.shop import schema
from apps.storefront.shop.bills import Adjustment, Claim, Move, Order, OrderLine
from apps.storefront.shop.delivery import Address
from apps.storefront.shop.money import Money
from apps.storefront.shop.orders import unknown
from apps.storefront.shop.payments.ledger import payments_of
from apps.storefront.shop.taxes import taxes
from apps.storefront.shop.terms import DELIVERY_TAX_CLASS


def bill(db: Connection, order: str, customer: str | None = None) -> Order:
    """Give an order as it stands.

    Args:
        db: A transaction.
        order: Its id.
        customer: Whose it must be; None for anybody's.

    Raises:
        Unknown: There is no such order, or it is another customer's.
    """
    found = db.execute(select(schema.orders).where(schema.orders.c.id == order)).one_or_none()
    if found is None or customer not in {None, found.customer}:
        raise unknown(order)
    lines = _lines(db, found)
    zero = Money(minor=0, currency=found.currency)
    fee = Money(minor=found.delivery_fee, currency=found.currency)
    goods = sum((line.price * line.n for line in lines), zero)
    amounts = [(line.tax_class, line.price * line.n) for line in lines] + [(DELIVERY_TAX_CLASS, fee)]
    rates = {line.tax_class: line.rate_bp for line in lines} | {DELIVERY_TAX_CLASS: found.delivery_rate_bp}
    paid = payments_of(db, order)
    return Order(
        id=order,
        customer=found.customer,
        state=found.state,
        lines=lines,
        goods=goods,
        delivery_fee=fee,
        total=goods + fee,
        taxes=tuple(tax for tax in taxes(amounts, rates) if tax.gross != zero),
        address=None if found.address is None else Address.model_validate_json(found.address),
        slot=found.slot,
        held_until=_moment(found.until),
        payment=paid[-1].state if paid else None,
        paid=sum((payment.captured for payment in paid), zero),
        refunded=sum((payment.refunded for payment in paid), zero),
        history=_history(db, order),
        adjustments=_adjustments(db, found),
        claims=_claims(db, order, {line.sku: line.price for line in lines}),
    )


def orders_of(db: Connection, customer: str, limit: int) -> list[Order]:
    """Give a customer's orders, the newest first."""
    where = schema.orders.c.customer == customer
    newest = select(schema.orders.c.id).where(where).order_by(schema.orders.c.created_at.desc()).limit(limit)
    return [bill(db, order) for order in db.execute(newest).scalars().all()]


def adjustment_of(row: Row[Any], currency: str) -> Adjustment:
    """Make an adjustment of its row."""
    return Adjustment(
        id=row.id,
        order=row.order_id,
        kind=row.kind,
        state=row.state,
        amount=Money(minor=row.amount, currency=currency),
        why=row.why,
        at=_moment(row.at),
    )


def claim_of(row: Row[Any], price: Money) -> Claim:
    """Make a claim of its row and of the price of its piece."""
    return Claim(
        id=row.id,
        order=row.order_id,
        sku=row.sku,
        n=row.n,
        words=row.words,
        at=_moment(row.at),
        at_most=price * row.n,
    )


def _lines(db: Connection, order: Row[Any]) -> tuple[OrderLine, ...]:
    table = schema.order_lines
    found = db.execute(select(table).where(table.c.order_id == order.id).order_by(table.c.sku))
    return tuple(
        OrderLine(
            sku=row.sku,
            name=row.name,
            n=row.n,
            price=Money(minor=row.price, currency=order.currency),
            tax_class=row.tax_class,
            rate_bp=row.rate_bp,
        )
        for row in found
    )


def _history(db: Connection, order: str) -> tuple[Move, ...]:
    table = schema.moves
    found = db.execute(select(table).where(table.c.order_id == order).order_by(table.c.seq))
    return tuple(Move(state=row.state, at=_moment(row.at), why=row.why) for row in found)


def _adjustments(db: Connection, order: Row[Any]) -> tuple[Adjustment, ...]:
    table = schema.adjustments
    found = db.execute(select(table).where(table.c.order_id == order.id).order_by(table.c.at, table.c.id))
    return tuple(adjustment_of(row, order.currency) for row in found)


def _claims(db: Connection, order: str, prices: dict[str, Money]) -> tuple[Claim, ...]:
    table = schema.claims
    found = db.execute(select(table).where(table.c.order_id == order).order_by(table.c.at, table.c.id))
    return tuple(claim_of(row, prices[row.sku]) for row in found)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
