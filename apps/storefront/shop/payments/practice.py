"""A payment provider to practise with: it moves no money, keeps its books in memory, and fails when told to.

It keeps to the protocol as a real one does: under one reference it authorises once, under one key it refunds once,
it never captures more than was promised nor refunds more than was captured. What it is told to do next decides the
answer to the next call:

    ok       it happens, and is answered
    decline  it is refused
    lost     it happens, and the answer is lost
    dropped  it does not happen, and no answer comes
    late     it happens at `land()`, after everybody stopped waiting
"""

from collections.abc import Callable
from dataclasses import replace
from threading import RLock
from typing import Literal

from apps.storefront.shop.errors import PaymentDeclined, PaymentInDoubt, PaymentRefused, ShopError
from apps.storefront.shop.money import Money
from apps.storefront.shop.payments.provider import Charge

Fault = Literal["ok", "decline", "lost", "dropped", "late"]


class PracticePayments:
    """Keeps charges in memory."""

    def __init__(self) -> None:
        self.next: list[Fault] = []
        """What becomes of the next calls that move money; all is well after that."""
        self.charges: dict[str, Charge] = {}
        """Its books, by reference."""
        self._done: set[str] = set()
        self._late: dict[str, Callable[[], Charge]] = {}
        self._lock = RLock()

    def authorise(self, reference: str, amount: Money, method: str) -> Charge:
        """Promise an amount; the method `empty` is always declined."""
        if method == "empty":
            raise PaymentDeclined("there is no money on this account; pay in another way")
        zero = amount * 0
        charge = Charge(reference, f"practice_{reference}", "authorised", amount, zero, zero)
        return self._call(f"authorise {reference}", reference, lambda: charge)

    def capture(self, charge: Charge, amount: Money) -> Charge:
        """Take what was promised."""

        def happen() -> Charge:
            found = self.charges[charge.reference]
            if found.state != "authorised" or amount.minor > found.amount.minor:
                raise PaymentRefused(f"charge {charge.reference!r} is {found.state}, and cannot be captured")
            return replace(found, state="captured", captured=amount)

        return self._call(f"capture {charge.reference}", charge.reference, happen)

    def void(self, charge: Charge) -> Charge:
        """Give up a promise."""

        def happen() -> Charge:
            found = self.charges[charge.reference]
            if found.state == "captured":
                raise PaymentRefused(f"charge {charge.reference!r} is captured; refund it instead")
            return replace(found, state="voided")

        return self._call(f"void {charge.reference}", charge.reference, happen)

    def refund(self, charge: Charge, amount: Money, key: str) -> Charge:
        """Give some of it back."""

        def happen() -> Charge:
            found = self.charges[charge.reference]
            if amount.minor > found.captured.minor - found.refunded.minor:
                raise PaymentRefused(f"less than {amount} is left of charge {charge.reference!r}")
            return replace(found, refunded=found.refunded + amount)

        return self._call(f"refund {key}", charge.reference, happen)

    def find(self, reference: str, charge_id: str = "") -> Charge | None:  # noqa: ARG002 - one name is enough
        """Look a charge up."""
        with self._lock:
            return self.charges.get(reference)

    def land(self) -> None:
        """Let everything that is late happen."""
        with self._lock:
            late, self._late = self._late, {}
            for happen in late.values():
                try:
                    happen()
                except ShopError:  # nobody is there to be told
                    continue

    def _call(self, name: str, reference: str, happen: Callable[[], Charge]) -> Charge:
        """Do something once under its name, as the next fault will have it."""

        def once() -> Charge:
            if name not in self._done:
                self.charges[reference] = happen()
                self._done.add(name)
            return self.charges[reference]

        with self._lock:
            fault = self.next.pop(0) if self.next else "ok"
            if fault == "decline" and name not in self._done:
                self._late.pop(name, None)
                raise PaymentDeclined("the bank said no")
            if fault == "late":
                self._late[name] = once
            if fault in {"late", "dropped"}:
                raise PaymentInDoubt("the payment provider did not answer")
            done = once()
            if fault == "lost":
                raise PaymentInDoubt("the payment provider's answer was lost")
            return done
