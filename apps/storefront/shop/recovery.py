"""Setting right what stopped half-way: `recover` finishes or undoes it, and may be run at any time, by anybody.

    a payment asked for, found at its provider       the order is placed, or if it ended, the payment undone
    a payment asked for, not found for `GRACE_S`     abandoned; if it turns up within `WATCH_S`, it is undone
    a payment the customer has not confirmed         undone once the checkout has expired
    a payment to be undone                           voided or given back
    a refund that is pending                         given back
    a checkout whose time has passed                 expired, what it held is free

It looks at each by itself; one that cannot be settled keeps none of the others from it.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from apps.storefront.shop import orders, schema
from apps.storefront.shop.ending import end, lapse
from apps.storefront.shop.errors import (
    NotPlaced,
    PaymentDeclined,
    PaymentError,
    PaymentInDoubt,
    PaymentPending,
    WrongInput,
)
from apps.storefront.shop.payments import ledger
from apps.storefront.shop.payments.ledger import Payment
from apps.storefront.shop.placing import settle
from apps.storefront.shop.refunds import pay_back
from apps.storefront.shop.setup import Setup
from apps.storefront.shop.undoing import undo

GRACE_S: Final = 900.0
"""How long a provider may take to know of a payment it was asked for."""
WATCH_S: Final = 7 * 86_400.0
"""How long an abandoned payment is looked for."""


class Recovery(BaseModel):
    """What was set right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settled: tuple[str, ...] = ()
    """Payments whose order is placed, or that are declined or undone; and refunds that are done."""
    waiting: tuple[str, ...] = ()
    """What its provider, or the customer, has not answered for."""
    expired: tuple[str, ...] = ()
    """Orders."""
    trouble: dict[str, str] = {}
    """What a human has to look at, and why."""


def recover(setup: Setup) -> Recovery:
    """Finish or undo whatever stopped half-way."""
    now = setup.clock.now()
    with setup.database.read() as db:
        payments = ledger.unsettled(db, abandoned_since=now - WATCH_S)
        pending = (schema.adjustments.c.state == "pending") & (schema.adjustments.c.kind == "refunded")
        refunds = list(db.execute(select(schema.adjustments.c.id).where(pending)).scalars())
    settled: list[str] = []
    waiting: list[str] = []
    trouble: dict[str, str] = {}
    for name, work in [(payment.reference, payment) for payment in payments] + [(name, None) for name in refunds]:
        try:
            if work is None:
                pay_back(setup, name)
            else:
                _look_after(setup, work)
        except (PaymentInDoubt, PaymentPending):
            waiting.append(name)
        except (PaymentError, WrongInput) as error:
            trouble[name] = str(error)
        else:
            settled.append(name)
    return Recovery(settled=tuple(settled), waiting=tuple(waiting), expired=lapse(setup), trouble=trouble)


def look_up(setup: Setup, reference: str) -> None:
    """Take on the order of one payment, because its provider says that something became of it.

    Raises:
        PaymentInDoubt: The provider does not answer.
        PaymentRefused: A human has to look.
    """
    with setup.database.read() as db:
        found = db.execute(select(schema.payments.c.reference).where(schema.payments.c.reference == reference))
        payment = None if found.first() is None else ledger.payment(db, reference)
    if payment is not None and payment.state in {*ledger.UNSETTLED, "abandoned"}:
        try:
            _look_after(setup, payment)
        except PaymentPending:
            return


def _look_after(setup: Setup, payment: Payment) -> None:
    if payment.state in {"undoing", "abandoned"}:
        undo(setup, payment.reference)
        return
    charge = setup.provider(payment.provider).find(payment.reference, payment.charge)
    now = setup.clock.now()
    if charge is None and payment.state == "authorising" and now - payment.begun_at >= GRACE_S:
        _give_up(setup, payment, "abandoned", "its provider never knew of it")
        return
    try:
        settle(setup, payment.reference, charge)
    except PaymentPending:
        with setup.database.read() as db:
            until = db.execute(
                select(schema.orders.c.until).where(schema.orders.c.id == payment.order)
            ).scalar_one()
        if until > now:
            raise
        _give_up(setup, payment, "undoing", "the customer did not confirm it in time")
        undo(setup, payment.reference)
    except (PaymentDeclined, NotPlaced):
        return


def _give_up(setup: Setup, payment: Payment, to: ledger.PaymentState, why: str) -> None:
    with setup.database.write() as db:
        order = orders.lock(db, payment.order)
        if ledger.payment(db, payment.reference).state == "authorising":
            ledger.become(db, payment.reference, to, why=why)
            if to == "undoing":
                end(db, order, "expired", why, setup.clock.now())
