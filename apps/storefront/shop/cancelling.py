"""Cancelling an order, up to the moment it is shipped.

The cancellation is one transaction: the order has ended, what it held is free, and its payment is marked to be
undone. The money follows at once if the provider answers, and by `recover` if not; the customer need not ask again.
"""

from sqlalchemy import Connection, insert

from apps.storefront.shop import orders, schema
from apps.storefront.shop.billing import bill
from apps.storefront.shop.bills import Order
from apps.storefront.shop.ending import end
from apps.storefront.shop.idempotency import Call, once
from apps.storefront.shop.payments import ledger
from apps.storefront.shop.payments.ledger import Payment
from apps.storefront.shop.refunds import none_pending
from apps.storefront.shop.setup import Setup
from apps.storefront.shop.undoing import try_to_undo


def cancel(setup: Setup, wanted: Call, customer: str, order: str, why: str) -> Order:
    """Cancel an order, and give back what was paid."""
    marked: list[str] = []

    def do(db: Connection) -> Order:
        now = setup.clock.now()
        found = orders.lock(db, order, customer)
        none_pending(db, order)
        payment = ledger.live(db, order)
        end(db, found, "cancelled", why, now)
        if payment is not None:
            ledger.become(db, payment.reference, "undoing", why=f"the order was cancelled: {why}")
            _adjust(db, setup, payment, wanted.key, why)
            marked.append(payment.reference)
        return bill(db, order)

    cancelled = once(setup.database, wanted, setup.clock.now(), Order, do)
    for reference in marked:
        try_to_undo(setup, reference)
    return cancelled


def _adjust(db: Connection, setup: Setup, payment: Payment, key: str, why: str) -> None:
    """Note what a cancelled order gives back."""
    left = payment.captured - payment.refunded
    if left.minor:
        db.execute(
            insert(schema.adjustments).values(
                id=orders.next_name(db, schema.adjustments, payment.order, "A"),
                order_id=payment.order,
                kind="cancelled",
                state="pending",
                amount=left.minor,
                reference=payment.reference,
                why=why,
                call_key=key,
                at=setup.clock.now(),
            )
        )
