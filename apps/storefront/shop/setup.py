"""What every part of the shop works with."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.storefront.shop.database import Database
from apps.storefront.shop.errors import WrongInput
from apps.storefront.shop.payments import Payments
from apps.storefront.shop.terms import Terms
from mainspring.core import Clock, Rng

_ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Setup:
    """The shop's database, terms and ways to pay, its clock and its chance."""

    database: Database
    terms: Terms
    payments: Mapping[str, Payments]
    """Providers by the name customers pay by."""
    clock: Clock
    rng: Rng

    def name(self, prefix: str) -> str:
        """Make up a name that nothing else has: `O-1f0c9a3b5d7e`."""
        return f"{prefix}-{self.rng.token(_ID_BYTES)}"

    def provider(self, pay_by: str) -> Payments:
        """Give the provider that is paid by.

        Raises:
            WrongInput: The shop has no such way to pay.
        """
        found = self.payments.get(pay_by)
        if found is None:
            raise WrongInput(f"nobody can pay by {pay_by!r} here; the ways to pay are {', '.join(self.payments)}")
        return found
