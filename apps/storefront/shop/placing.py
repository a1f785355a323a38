"""Placing an order: money and pieces, so that there is never one without the other.

    written down: authorising                the order is reserved
    asked of the provider: authorise
    written down: authorised                 the order is authorised, its pieces are taken
    asked of the provider: capture
    written down: captured, the key's result the order is placed

What is asked outside stands between two transactions, and is written down before it is asked. So whoever finds a
payment that stopped anywhere, the same call made again, a webhook or `recover`, looks it up at its provider and
goes on from there: `settle` is the one way on, and may be walked by several at once. A payment whose order came to
nothing, because pieces were written off or the order was cancelled meanwhile, is undone.
"""

from typing import Any

from sqlalchemy import Connection, Row

from apps.storefront.shop import orders, stock
from apps.storefront.shop.billing import bill
from apps.storefront.shop.bills import Order
from apps.storefront.shop.checkouts import still_held
from apps.storefront.shop.ending import end
from apps.storefront.shop.errors import (
    NotPlaced,
    OutOfStock,
    PaymentDeclined,
    PaymentInDoubt,
    PaymentPending,
    PaymentRefused,
    PriceChanged,
    WrongState,
)
from apps.storefront.shop.idempotency import Call, claim, finish, forget, let_go, lock_key
from apps.storefront.shop.money import Money
from apps.storefront.shop.payments import Charge, ledger
from apps.storefront.shop.payments.ledger import Payment
from apps.storefront.shop.setup import Setup
from apps.storefront.shop.undoing import try_to_undo


def place(setup: Setup, wanted: Call, customer: str, order: str, total: Money, pay_by: str, method: str) -> Order:
    """Pay for a reserved order and place it."""
    provider = setup.provider(pay_by)
    with setup.database.write() as db:
        if (result := claim(db, wanted, setup.clock.now())) is not None:
            return Order.model_validate_json(result)
        payment, is_fresh = _intend(db, setup, wanted, customer, order, total, pay_by, method)
    try:
        charge = None if is_fresh else provider.find(payment.reference, payment.charge)
        if charge is None and payment.state == "authorising":
            charge = provider.authorise(payment.reference, payment.amount, payment.method)
        return settle(setup, payment.reference, charge)
    except (PaymentDeclined, PaymentRefused) as error:
        _decline(setup, payment, str(error))
        raise
    except (PaymentInDoubt, PaymentPending):
        with setup.database.write() as db:
            let_go(db, wanted.key, setup.clock.now())
        raise


def settle(setup: Setup, reference: str, charge: Charge | None) -> Order:
    """Take an order on from what the provider says of its payment.

    Args:
        setup: The shop.
        reference: The payment.
        charge: As its provider sees it; None if that knows of none.

    Raises:
        PaymentPending: The customer has to confirm it.
        PaymentDeclined: The order could not be paid for.
        PaymentInDoubt: The provider does not know of it, or did not answer.
        NotPlaced: The order came to nothing; the payment is undone.
    """
    payment = _accept(setup, reference, charge)
    if payment.state == "authorised":
        captured = _capture(setup, payment, charge)
        payment = _place(setup, reference, captured) if captured is not None else _read(setup, reference)
    if payment.state in {"undoing", "undone", "abandoned"}:
        try_to_undo(setup, reference)
        raise NotPlaced(f"order {payment.order!r} was not placed: {payment.why}; what was paid is given back")
    if payment.state == "declined":
        raise PaymentDeclined(f"order {payment.order!r} is not paid for: {payment.why}")
    with setup.database.read() as db:
        return bill(db, payment.order)


def _intend(
    db: Connection,
    setup: Setup,
    wanted: Call,
    customer: str,
    order: str,
    total: Money,
    pay_by: str,
    method: str,
) -> tuple[Payment, bool]:
    """Write down that an order is about to be paid for, or give what this very call has written down before.

    Returns:
        The payment, and whether nobody can have asked for it yet.
    """
    found = orders.lock(db, order, customer)
    begun = ledger.live(db, order)
    if begun is not None and begun.call_key == wanted.key:
        return begun, False
    if begun is not None and begun.state != "captured":
        raise PaymentInDoubt(
            f"order {order!r} is being paid for by another call, or that one's answer was lost; "
            "look at the order again in a while"
        )
    still_held(found, setup.clock.now())
    if found.state != "reserved":
        raise WrongState(f"order {order!r} is {found.state}; only a reserved one can be placed")
    due = bill(db, order).total
    if due != total:
        raise PriceChanged([f"{total} was agreed to"], due)
    return ledger.begin(db, order, pay_by, method, due, wanted.key, setup.clock.now()), True


def _accept(setup: Setup, reference: str, charge: Charge | None) -> Payment:
    """Write down that a payment was authorised and take the order's pieces, or that nothing comes of it."""
    now = setup.clock.now()
    with setup.database.write() as db:
        payment, order = _locked(db, reference)
        if payment.state not in {"authorising", "abandoned", "declined"}:
            return payment
        if charge is None:
            raise PaymentInDoubt(f"the provider does not know of payment {reference!r}, or not yet")
        if charge.state in {"declined", "voided"}:
            ledger.become(db, reference, "declined", charge, "the provider gave it up")
            forget(db, payment.call_key)
        elif payment.state != "authorising" or order.state != "reserved":
            why = payment.why or f"the order is {order.state}, and its payment came late"
            ledger.become(db, reference, "undoing", charge, why)
            forget(db, payment.call_key)
        elif charge.state == "pending":
            raise PaymentPending("the customer has to confirm the payment", charge.url)
        else:
            _take(db, order, payment, charge, now)
        return ledger.payment(db, reference)


def _take(db: Connection, order: Row[Any], payment: Payment, charge: Charge, now: float) -> None:
    """Take the pieces of an order that is paid for; if they are gone, end it."""
    try:
        with db.begin_nested():
            stock.take(db, orders.pieces_of(db, order.id))
    except OutOfStock as error:
        end(db, order, "cancelled", str(error), now)
        ledger.become(db, payment.reference, "undoing", charge, str(error))
        forget(db, payment.call_key)
    else:
        orders.move(db, order.id, "authorised", f"payment {payment.reference} is promised", now)
        ledger.become(db, payment.reference, "authorised", charge)


def _capture(setup: Setup, payment: Payment, charge: Charge | None) -> Charge | None:
    """Take the money; None if it cannot be had, and the order is ended."""
    provider = setup.provider(payment.provider)
    known = charge or provider.find(payment.reference, payment.charge)
    if known is None:
        raise PaymentInDoubt(f"the provider does not know of payment {payment.reference!r}, or not yet")
    if known.state == "captured":
        return known
    try:
        return provider.capture(known, payment.amount)
    except (PaymentDeclined, PaymentRefused) as error:
        again = provider.find(payment.reference, known.id)
        if again is not None and again.state == "captured":  # somebody else who settles it was faster
            return again
        _decline(setup, payment, str(error))
        return None


def _place(setup: Setup, reference: str, charge: Charge) -> Payment:
    """Write down that a payment was captured, which places its order."""
    with setup.database.write() as db:
        payment, order = _locked(db, reference)
        if payment.state == "authorised":
            ledger.become(db, reference, "captured", charge)
            orders.move(db, order.id, "placed", f"payment {reference} is captured", setup.clock.now())
            finish(db, payment.call_key, bill(db, order.id))
        return ledger.payment(db, reference)


def _decline(setup: Setup, payment: Payment, why: str) -> None:
    """Write down that the provider said no, and end an order whose pieces were taken already."""
    now = setup.clock.now()
    with setup.database.write() as db:
        found, order = _locked(db, payment.reference)
        if found.state == "authorising":
            ledger.become(db, payment.reference, "declined", why=why)
        elif found.state == "authorised":
            end(db, order, "cancelled", why, now)
            ledger.become(db, payment.reference, "undoing", why=why)
        forget(db, payment.call_key)


def _locked(db: Connection, reference: str) -> tuple[Payment, Row[Any]]:
    """Lock the key of the call that pays, then the order, and give the payment as it is from then on."""
    payment = ledger.payment(db, reference)
    lock_key(db, payment.call_key)
    order = orders.lock(db, payment.order)
    return ledger.payment(db, reference), order


def _read(setup: Setup, reference: str) -> Payment:
    with setup.database.read() as db:
        return ledger.payment(db, reference)
