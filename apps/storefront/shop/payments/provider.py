"""What the shop asks of whoever moves the money.

Each call names the payment by the shop's own reference, and may be made again: a provider does it once. A call that
raises `PaymentInDoubt` may have happened, or happen later; `find` tells. One that raises `PaymentDeclined` or
`PaymentRefused` has not happened and will not.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from apps.storefront.shop.money import Money

ChargeState = Literal["pending", "authorised", "captured", "voided", "declined"]
"""Whether the customer has still to confirm it, it is promised, taken, given up, or was refused."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment as its provider sees it."""

    reference: str
    """The shop's name for it."""
    id: str
    """The provider's name for it."""
    state: ChargeState
    amount: Money
    """What was promised."""
    captured: Money
    """What was taken of it."""
    refunded: Money
    """What of that was given back."""
    url: str = ""
    """Where the customer confirms it, if that is to be done."""


class Payments(Protocol):
    """Moves money, and says where it is."""

    def authorise(self, reference: str, amount: Money, method: str) -> Charge:
        """Have an amount promised.

        Args:
            reference: The shop's name for the payment, the same however often this is asked.
            amount: How much.
            method: The customer's means of payment, in the provider's words.

        Raises:
            PaymentDeclined: The customer's bank says no.
            PaymentRefused: The provider does not take this payment.
            PaymentInDoubt: No answer came.
        """
        ...

    def capture(self, charge: Charge, amount: Money) -> Charge:
        """Take what was promised.

        Raises:
            PaymentDeclined: The bank keeps its promise no longer.
            PaymentRefused: It is voided, or more is asked than was promised.
            PaymentInDoubt: No answer came.
        """
        ...

    def void(self, charge: Charge) -> Charge:
        """Give up a promise.

        Raises:
            PaymentRefused: It is captured.
            PaymentInDoubt: No answer came.
        """
        ...

    def refund(self, charge: Charge, amount: Money, key: str) -> Charge:
        """Give back some of what was taken.

        Args:
            charge: Of which payment.
            amount: How much.
            key: The shop's name for this refund; under one name it is given back once.

        Raises:
            PaymentRefused: More is asked than is left of it.
            PaymentInDoubt: No answer came.
        """
        ...

    def find(self, reference: str, charge_id: str = "") -> Charge | None:
        """Look a payment up.

        Args:
            reference: The shop's name for it.
            charge_id: The provider's, if it is known.

        Returns:
            None if the provider knows of none. It may still know of one later.

        Raises:
            PaymentInDoubt: No answer came.
        """
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of a provider that something became of a payment."""

    id: str
    """The provider's name for the message, by which one that comes twice is known."""
    reference: str | None
    """Which payment; None if it is about something else."""


@runtime_checkable
class Notifies(Protocol):
    """A provider that sends messages."""

    def notice(self, payload: bytes, signature: str) -> Notice:
        """Read a message.

        Raises:
            WebhookRefused: It is not from the provider, is too old, or cannot be read.
        """
        ...
