"""Undoing a payment whose order came to nothing: what was promised is voided, what was taken is given back.

What is to be done is found by looking the payment up, so that it may be tried any number of times. A payment the
provider does not know of is abandoned; if it turns up later it is undone then.
"""

from sqlalchemy import Connection, update

from apps.storefront.shop import orders, schema
from apps.storefront.shop.errors import PaymentError
from apps.storefront.shop.payments import Charge, Payments, ledger
from apps.storefront.shop.payments.ledger import Payment
from apps.storefront.shop.setup import Setup


def undo(setup: Setup, reference: str) -> None:
    """Void a payment or give it back, whichever it needs.

    Raises:
        PaymentInDoubt: The provider did not answer; it is to be tried again.
        PaymentRefused: The provider does not do it; a human has to look.
    """
    with setup.database.read() as db:
        payment = ledger.payment(db, reference)
    if payment.state not in {"undoing", "abandoned"}:
        return
    provider = setup.provider(payment.provider)
    charge = provider.find(reference, payment.charge)
    if charge is not None:
        charge = _undone(provider, payment, charge)
    with setup.database.write() as db:
        orders.lock(db, payment.order)
        if ledger.payment(db, reference).state in {"undoing", "abandoned"}:
            _write(db, reference, charge)


def try_to_undo(setup: Setup, reference: str) -> None:
    """Undo a payment if its provider lets it be done now; if not, `recover` does it later."""
    try:
        undo(setup, reference)
    except PaymentError:  # it stays `undoing`, which is what recovery looks for
        return


def _undone(provider: Payments, payment: Payment, charge: Charge) -> Charge:
    if charge.state in {"pending", "authorised"}:
        return provider.void(charge)
    left = charge.captured - charge.refunded
    if charge.state == "captured" and left.minor:
        return provider.refund(charge, left, f"{payment.reference}-undo")
    return charge


def _write(db: Connection, reference: str, charge: Charge | None) -> None:
    ledger.become(db, reference, "abandoned" if charge is None else "undone", charge)
    pending = (schema.adjustments.c.reference == reference) & (schema.adjustments.c.kind == "cancelled")
    db.execute(update(schema.adjustments).where(pending).values(state="done"))
