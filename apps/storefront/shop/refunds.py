"""Giving money back for an order that was placed, and the damage it is given back for.

A refund is written down before it is asked of the provider, under its own name, by which the provider knows it
again. While one is pending there is no second: so the sum of all never exceeds what was captured, whatever answers
get lost.
"""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from apps.storefront.shop import orders, schema
from apps.storefront.shop.billing import adjustment_of, bill, claim_of
from apps.storefront.shop.bills import Adjustment, Claim
from apps.storefront.shop.errors import (
    PaymentDeclined,
    PaymentInDoubt,
    PaymentRefused,
    RefundTooHigh,
    WrongInput,
    WrongState,
)
from apps.storefront.shop.idempotency import Call, claim, finish, forget, let_go, lock_key, once
from apps.storefront.shop.money import Money
from apps.storefront.shop.payments import Charge, ledger
from apps.storefront.shop.payments.ledger import Payment
from apps.storefront.shop.setup import Setup

_REFUNDABLE = frozenset({"placed", "shipped", "delivered"})
_TABLE = schema.adjustments
_MOST_WORDS_CHARS = 2000


def refund(setup: Setup, wanted: Call, customer: str, order: str, amount: Money, why: str) -> Adjustment:
    """Give some of what was paid for an order back."""
    with setup.database.write() as db:
        if (result := claim(db, wanted, setup.clock.now())) is not None:
            return Adjustment.model_validate_json(result)
        adjustment = _intend(db, setup, wanted, customer, order, amount, why)
    try:
        return pay_back(setup, adjustment)
    except PaymentInDoubt:
        with setup.database.write() as db:
            let_go(db, wanted.key, setup.clock.now())
        raise


def pay_back(setup: Setup, adjustment: str) -> Adjustment:
    """Have a pending refund done by its provider, if that has not done it.

    Raises:
        PaymentInDoubt: The provider did not answer; it is to be tried again.
        PaymentRefused: The provider does not do it; the refund has failed.
    """
    with setup.database.read() as db:
        pending = _adjustment(db, adjustment)
        payment = ledger.payment(db, pending.reference)
    amount = Money(minor=pending.amount, currency=payment.amount.currency)
    provider = setup.provider(payment.provider)
    charge = provider.find(payment.reference, payment.charge)
    if charge is None:
        raise PaymentInDoubt(f"the provider does not know of payment {payment.reference!r}")
    try:
        if charge.refunded.minor < payment.refunded.minor + amount.minor:
            charge = provider.refund(charge, amount, adjustment)
    except (PaymentDeclined, PaymentRefused):
        _write(setup, adjustment, "failed", payment, None)
        raise
    return _write(setup, adjustment, "done", payment, charge)


def none_pending(db: Connection, order: str) -> None:
    """Refuse where a refund of an order is under way.

    Raises:
        PaymentInDoubt: One is.
    """
    pending = select(_TABLE.c.id).where(_TABLE.c.order_id == order, _TABLE.c.state == "pending")
    if db.execute(pending).first() is not None:
        raise PaymentInDoubt(f"money of order {order!r} is being given back; wait until that is done")


def report_damage(setup: Setup, wanted: Call, customer: str, order: str, sku: str, n: int, words: str) -> Claim:
    """Note that pieces of a shipped order are damaged; a refund is a call of its own."""

    def do(db: Connection) -> Claim:
        orders.lock(db, order, customer)
        found = bill(db, order)
        if found.state not in {"shipped", "delivered"}:
            raise WrongState(f"order {order!r} is {found.state}; damage is reported of what was shipped")
        lines = {line.sku: line for line in found.lines}
        if sku not in lines or not 1 <= n <= lines[sku].n or not 0 < len(words) <= _MOST_WORDS_CHARS:
            raise WrongInput(
                f"{n} of {sku!r} cannot be damaged in order {order!r}, which is for "
                f"{', '.join(f'{line.n} of {line.sku}' for line in found.lines)}; and say in words what is broken"
            )
        values = {
            "id": orders.next_name(db, schema.claims, order, "D"),
            "order_id": order,
            "sku": sku,
            "n": n,
            "words": words,
        }
        db.execute(insert(schema.claims).values(**values, at=setup.clock.now()))
        row = db.execute(select(schema.claims).where(schema.claims.c.id == values["id"])).one()
        return claim_of(row, lines[sku].price)

    return once(setup.database, wanted, setup.clock.now(), Claim, do)


def _intend(db: Connection, setup: Setup, wanted: Call, customer: str, order: str, amount: Money, why: str) -> str:
    """Write down that money is about to be given back, or give what this very call has written down before."""
    found = orders.lock(db, order, customer)
    begun = select(_TABLE.c.id).where(_TABLE.c.call_key == wanted.key, _TABLE.c.state == "pending")
    if (name := db.execute(begun).scalar_one_or_none()) is not None:
        return str(name)
    payment = ledger.live(db, order)
    if found.state not in _REFUNDABLE or payment is None:
        raise WrongState(f"order {order!r} is {found.state}; money is given back for one that was placed")
    none_pending(db, order)
    left = payment.captured - payment.refunded
    if not 0 < amount.minor <= left.minor or amount.currency != left.currency:
        raise RefundTooHigh(f"{amount} cannot be given back: {left} is left of what was paid for {order!r}")
    name = orders.next_name(db, _TABLE, order, "A")
    db.execute(
        insert(_TABLE).values(
            id=name,
            order_id=order,
            kind="refunded",
            state="pending",
            amount=amount.minor,
            reference=payment.reference,
            why=why,
            call_key=wanted.key,
            at=setup.clock.now(),
        )
    )
    return name


def _write(setup: Setup, adjustment: str, state: str, payment: Payment, charge: Charge | None) -> Adjustment:
    """Write down what became of a refund, unless somebody else who paid it back has."""
    with setup.database.write() as db:
        key = _adjustment(db, adjustment).call_key
        lock_key(db, key)
        orders.lock(db, payment.order)
        if _adjustment(db, adjustment).state == "pending":
            db.execute(update(_TABLE).where(_TABLE.c.id == adjustment).values(state=state))
            if charge is not None:
                ledger.become(db, payment.reference, "captured", charge)
        made = adjustment_of(_adjustment(db, adjustment), payment.amount.currency)
        if made.state == "done":
            finish(db, key, made)
        else:
            forget(db, key)
        return made


def _adjustment(db: Connection, adjustment: str) -> Row[Any]:
    return db.execute(select(_TABLE).where(_TABLE.c.id == adjustment)).one()
