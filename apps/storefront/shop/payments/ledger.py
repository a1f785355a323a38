"""The shop's own record of its payments: what it meant to do, written before it was done.

    authorising ---> authorised ---> captured ---> undoing ---> undone
      |      |           |                            ^
      |      |           +----------------------------+
      |      +--> declined                            |
      |      +--> abandoned --------------------------+
      +-----------------------------------------------+

    authorising  asked for; whether money was promised is in doubt until an answer is written down
    authorised   promised; whether it was captured is in doubt
    undoing      to be voided or paid back, whichever it turns out to need
    abandoned    nobody knew of it for long; if it turns up it is undone

An order has one payment at a time that is not declined, abandoned or undone. Whoever changes one has locked its
order.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, insert, select, update

from apps.storefront.shop import schema
from apps.storefront.shop.money import Money
from apps.storefront.shop.payments.provider import Charge

PaymentState = Literal["authorising", "authorised", "captured", "declined", "undoing", "undone", "abandoned"]

UNSETTLED: Final[tuple[PaymentState, ...]] = ("authorising", "authorised", "undoing")
"""States that something is still to come of."""

_TABLE = schema.payments


@dataclass(frozen=True, slots=True)
class Payment:
    """One try to pay for an order."""

    reference: str
    order: str
    provider: str
    method: str
    amount: Money
    state: PaymentState
    charge: str
    """The provider's name for it; empty while it is not known."""
    captured: Money
    refunded: Money
    why: str
    """Why it is undone, if it is."""
    call_key: str
    """Idempotency key of the call that pays."""
    begun_at: float


def begin(
    db: Connection, order: str, provider: str, method: str, amount: Money, call_key: str, now: float
) -> Payment:
    """Write down that an order is about to be paid for."""
    reference = f"{order}-P{len(payments_of(db, order)) + 1:02}"
    db.execute(
        insert(_TABLE).values(
            reference=reference,
            order_id=order,
            provider=provider,
            method=method,
            amount=amount.minor,
            currency=amount.currency,
            state="authorising",
            charge="",
            captured=0,
            refunded=0,
            why="",
            call_key=call_key,
            begun_at=now,
        )
    )
    return payment(db, reference)


def payment(db: Connection, reference: str) -> Payment:
    """Give a payment that is known to be there."""
    return _payment(db.execute(select(_TABLE).where(_TABLE.c.reference == reference)).one())


def payments_of(db: Connection, order: str) -> list[Payment]:
    """Give all tries to pay for an order, the first first."""
    found = select(_TABLE).where(_TABLE.c.order_id == order).order_by(_TABLE.c.begun_at, _TABLE.c.reference)
    return [_payment(row) for row in db.execute(found)]


def live(db: Connection, order: str) -> Payment | None:
    """Give the payment of an order that money may come of, or has come of."""
    return next(
        (found for found in payments_of(db, order) if found.state in {"authorising", "authorised", "captured"}),
        None,
    )


def unsettled(db: Connection, abandoned_since: float) -> list[Payment]:
    """Give the payments that something may still come of.

    Args:
        db: A transaction.
        abandoned_since: Abandoned ones are given if they were begun after this.
    """
    watched = (_TABLE.c.state == "abandoned") & (_TABLE.c.begun_at > abandoned_since)
    found = select(_TABLE).where(_TABLE.c.state.in_(UNSETTLED) | watched).order_by(_TABLE.c.begun_at)
    return [_payment(row) for row in db.execute(found)]


def become(
    db: Connection, reference: str, state: PaymentState, charge: Charge | None = None, why: str = ""
) -> None:
    """Write down what became of a payment, with what its provider says of it."""
    values: dict[str, object] = {"state": state}
    if charge is not None:
        values |= {"charge": charge.id, "captured": charge.captured.minor, "refunded": charge.refunded.minor}
    if why:
        values["why"] = why
    db.execute(update(_TABLE).where(_TABLE.c.reference == reference).values(**values))


def _payment(row: Row[Any]) -> Payment:
    def money(minor: int) -> Money:
        return Money(minor=minor, currency=row.currency)

    return Payment(
        reference=row.reference,
        order=row.order_id,
        provider=row.provider,
        method=row.method,
        amount=money(row.amount),
        state=row.state,
        charge=row.charge,
        captured=money(row.captured),
        refunded=money(row.refunded),
        why=row.why,
        call_key=row.call_key,
        begun_at=row.begun_at,
    )
