"""Paying by invoice, built in: the shop's database is the provider.

An authorised invoice is a promise, a captured one is sent and due after so many days, a refund is a credit on it.
Invoices have transactions of their own, so that what is true of a provider far away is true of this one.
"""

from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from apps.storefront.shop import schema
from apps.storefront.shop.database import Database, insert_once
from apps.storefront.shop.errors import PaymentDeclined, PaymentRefused
from apps.storefront.shop.money import Money
from apps.storefront.shop.payments.provider import Charge
from apps.storefront.shop.terms import Terms
from mainspring.core import Clock

_DAY_S: Final = 86_400.0
_TABLE = schema.invoices


class Invoice:
    """Lets customers pay by invoice.

    Args:
        database: Where the invoices are kept.
        terms: How dear an order may be, and when it is due.
        clock: Tells the time.
    """

    def __init__(self, database: Database, terms: Terms, clock: Clock) -> None:
        self._database = database
        self._terms = terms
        self._clock = clock

    def authorise(self, reference: str, amount: Money, method: str) -> Charge:  # noqa: ARG002 - there is one way
        """Promise an invoice, if the order is not too dear for one."""
        if amount.minor > self._terms.invoice_limit:
            limit = self._terms.money(self._terms.invoice_limit)
            raise PaymentDeclined(f"orders up to {limit} may be paid by invoice, and this is {amount}")
        with self._database.write() as db:
            insert_once(
                db,
                _TABLE,
                reference=reference,
                state="authorised",
                amount=amount.minor,
                currency=amount.currency,
                captured=0,
                refunded=0,
                due_at=None,
            )
            return _charge(_locked(db, reference))

    def capture(self, charge: Charge, amount: Money) -> Charge:
        """Send the invoice."""
        due_at = self._clock.now() + self._terms.invoice_days * _DAY_S
        with self._database.write() as db:
            found = _locked(db, charge.reference)
            if found.state == "voided" or amount.minor > found.amount:
                raise PaymentRefused(f"invoice {charge.reference!r} is {found.state}, and cannot be sent")
            if found.state == "authorised":
                _set(db, charge.reference, state="captured", captured=amount.minor, due_at=due_at)
            return _charge(_locked(db, charge.reference))

    def void(self, charge: Charge) -> Charge:
        """Take the promise back."""
        with self._database.write() as db:
            if _locked(db, charge.reference).state == "captured":
                raise PaymentRefused(f"invoice {charge.reference!r} is sent; refund it instead")
            _set(db, charge.reference, state="voided")
            return _charge(_locked(db, charge.reference))

    def refund(self, charge: Charge, amount: Money, key: str) -> Charge:
        """Credit an amount on the invoice."""
        with self._database.write() as db:
            found = _locked(db, charge.reference)
            if insert_once(db, schema.credit_notes, key=key, reference=charge.reference, amount=amount.minor):
                if amount.minor > found.captured - found.refunded:
                    raise PaymentRefused(f"less than {amount} is left of invoice {charge.reference!r}")
                _set(db, charge.reference, refunded=found.refunded + amount.minor)
            return _charge(_locked(db, charge.reference))

    def find(self, reference: str, charge_id: str = "") -> Charge | None:  # noqa: ARG002 - both names are one
        """Look an invoice up."""
        with self._database.read() as db:
            found = db.execute(select(_TABLE).where(_TABLE.c.reference == reference)).one_or_none()
        return None if found is None else _charge(found)


def _locked(db: Connection, reference: str) -> Row[Any]:
    return db.execute(select(_TABLE).where(_TABLE.c.reference == reference).with_for_update()).one()


def _set(db: Connection, reference: str, **values: object) -> None:
    db.execute(update(_TABLE).where(_TABLE.c.reference == reference).values(**values))


def _charge(row: Row[Any]) -> Charge:
    return Charge(
        reference=row.reference,
        id=row.reference,
        state=row.state,
        amount=Money(minor=row.amount, currency=row.currency),
        captured=Money(minor=row.captured, currency=row.currency),
        refunded=Money(minor=row.refunded, currency=row.currency),
    )
