"""What the shop refuses, and why.

    ShopError (ToolError)               its message may be shown to a customer or to a model
    ├── WrongInput (ValueError)         an argument that no shop could do anything with
    ├── Unknown (LookupError)           no such piece, order or delivery slot, or not this customer's
    ├── OutOfStock                      fewer pieces are left than are wanted
    ├── EmptyCart                       there is nothing to check out
    ├── PriceChanged                    the total is another than was agreed to
    ├── WrongState                      an order that is too far, or not far enough, for this
    │   ├── CheckoutExpired             its prices and pieces are no longer held
    │   └── NotPlaced                   it ended while it was being paid for
    ├── DeliveryError                   nobody delivers there, or not in that slot
    ├── RefundTooHigh                   more than is left of what was paid
    ├── KeyMissing (ValueError)         a write without an idempotency key
    ├── KeyConflict                     a key that was used for another call
    ├── KeyInFlight                     the first call with this key has not ended
    ├── PaymentError
    │   ├── PaymentDeclined             no money moved, and none will
    │   ├── PaymentPending              the customer has something to confirm first
    │   ├── PaymentInDoubt (TimeoutError)  it is not known whether money moved; `recover` finds out
    │   └── PaymentRefused              the provider does not do that with this payment
    ├── WebhookRefused                  a message that does not come from the provider
    ├── NewerDatabase                   its tables were made by a newer version of the shop
    └── ShopUnavailable                 the database is gone, locked or full: the same call may work later

A refused call has changed nothing, save that a declined payment is remembered, and that `NotPlaced`,
`PaymentInDoubt` and `PaymentPending` leave an order that `order_status` tells of.
"""

from collections.abc import Sequence

from apps.storefront.shop.money import Money
from mainspring import ToolError


class ShopError(ToolError):
    """Anything the shop refuses; the message says what to do about it."""


class WrongInput(ShopError, ValueError):
    """An argument is out of range or cannot be read."""


class Unknown(ShopError, LookupError):
    """There is no such piece, order or slot, or it is somebody else's."""


class OutOfStock(ShopError):
    """Fewer pieces are left than are wanted.

    Args:
        sku: The piece.
        wanted: How many were asked for.
        left: How many there are.
    """

    def __init__(self, sku: str, wanted: int, left: int) -> None:
        super().__init__(sku, wanted, left)
        self.sku = sku
        self.wanted = wanted
        self.left = left

    def __str__(self) -> str:
        return f"{self.wanted} of {self.sku!r} are wanted, but {self.left} are left; take fewer, or another piece"


class EmptyCart(ShopError):
    """There is nothing in the cart."""


class PriceChanged(ShopError):
    """The total is another than was agreed to.

    Args:
        changes: What is different, in words.
        total: What it comes to; check out again with this as the total to agree to it.
    """

    def __init__(self, changes: Sequence[str], total: Money) -> None:
        super().__init__(tuple(changes), total)
        self.changes = tuple(changes)
        self.total = total

    def __str__(self) -> str:
        return (
            f"not what was agreed to: {'; '.join(self.changes)}. The total is {self.total}. "
            "If the customer agrees, call again with that total"
        )


class WrongState(ShopError):
    """The order is too far, or not far enough, for what is asked."""


class CheckoutExpired(WrongState):
    """The checkout holds its prices and pieces no longer."""


class NotPlaced(WrongState):
    """The order ended while it was being paid for; what was paid is given back."""


class DeliveryError(ShopError):
    """Nobody delivers there, or not in that slot."""


class RefundTooHigh(ShopError):
    """More is to be paid back than is left of what was paid."""


class KeyMissing(ShopError, ValueError):
    """A write needs an idempotency key, and came without one."""


class KeyConflict(ShopError):
    """The idempotency key was used for a call with other arguments."""


class KeyInFlight(ShopError):
    """The first call with this idempotency key has not ended."""


class PaymentError(ShopError):
    """A payment did not go through."""


class PaymentDeclined(PaymentError):
    """The provider said no: no money moved, and none will."""


class PaymentPending(PaymentError):
    """The customer has to confirm the payment first.

    Args:
        message: What happened.
        url: Where the customer confirms it; empty if the provider gave no address.
    """

    def __init__(self, message: str, url: str = "") -> None:
        super().__init__(message, url)
        self.url = url

    def __str__(self) -> str:
        return f"{self.args[0]}{f': {self.url}' if self.url else ''}"


class PaymentInDoubt(PaymentError, TimeoutError):
    """It is not known whether money moved; recovery finds out and finishes or undoes it."""


class PaymentRefused(PaymentError):
    """The provider does not do that with this payment."""


class WebhookRefused(ShopError):
    """A message that says it is from the provider is not, is too old, or cannot be read."""


class NewerDatabase(ShopError):
    """The tables were made by a newer version of the shop."""


class ShopUnavailable(ShopError):
    """The database is gone, locked or full; the same call may work later."""
