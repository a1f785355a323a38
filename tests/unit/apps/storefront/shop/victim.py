"""A shop's process that is killed at a given moment: `python -m ...victim URL MOMENT`.

It sells a chair by invoice, and gives 10 euros back. A moment is a call to the payment provider with what comes
first, the call or the kill: `before authorise`, `after capture`, `after refund`.
"""

import os
import signal
import sys
from collections.abc import Callable

from apps.storefront.shop import Money
from apps.storefront.shop.database import open_database
from apps.storefront.shop.payments import Charge, Invoice, PracticePayments
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.shopping import NOON, euros, open_counter, roomy_terms


class Doomed(Invoice):
    """Takes the whole process with it."""

    moment = ""

    def authorise(self, reference: str, amount: Money, method: str) -> Charge:
        """Authorise, and die."""
        return self._around("authorise", lambda: super(Doomed, self).authorise(reference, amount, method))

    def capture(self, charge: Charge, amount: Money) -> Charge:
        """Capture, and die."""
        return self._around("capture", lambda: super(Doomed, self).capture(charge, amount))

    def refund(self, charge: Charge, amount: Money, key: str) -> Charge:
        """Refund, and die."""
        return self._around("refund", lambda: super(Doomed, self).refund(charge, amount, key))

    def _around(self, name: str, do: Callable[[], Charge]) -> Charge:
        if self.moment == f"before {name}":
            os.kill(os.getpid(), signal.SIGKILL)
        done = do()
        if self.moment == f"after {name}":
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def main(url: str, moment: str) -> None:
    """Sell until the end."""
    clock = FakeClock(NOON)
    doomed = Doomed(open_database(url), roomy_terms(), clock)
    doomed.moment = moment
    with open_counter(url, clock, PracticePayments(), invoice=doomed) as counter:
        order = counter.place(counter.reserved(), pay_by="invoice", key="place")
        counter.shop.refund("ada", order.id, euros("10.00"), why="a scratch", key="refund")


if __name__ == "__main__":
    main(*sys.argv[1:])
