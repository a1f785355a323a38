"""The shop as its customers and their agents use it: one object, plain functions, values that can be written as
JSON.

Every call is whole or nothing, safe to make from any thread, and raises a `ShopError` whose words a customer or a
model can act on. Every write takes an idempotency key (`mainspring.idempotency_key()` inside a tool): made again
with the same key and arguments it gives the first result and does nothing. A customer sees and touches only what is
theirs.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from apps.storefront.shop import billing, cancelling, carts, checkouts, delivery, placing, recovery, refunds
from apps.storefront.shop import search as searching
from apps.storefront.shop.bills import Adjustment, Claim, Order
from apps.storefront.shop.carts import Cart
from apps.storefront.shop.catalogue import Piece, find_pieces
from apps.storefront.shop.confirmations import confirmation
from apps.storefront.shop.delivery import Address, Slot
from apps.storefront.shop.fits import Fit, Space, fit
from apps.storefront.shop.idempotency import call, once
from apps.storefront.shop.money import Money
from apps.storefront.shop.office import Office
from apps.storefront.shop.recovery import Recovery
from apps.storefront.shop.search import Comparison, Wanted
from apps.storefront.shop.setup import Setup
from apps.storefront.shop.terms import Terms
from apps.storefront.shop.webhooks import receive

MOST_ORDERS = 20


class Shop:
    """Sells furniture; `open_shop` makes one.

    Args:
        setup: What it works with.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._database = setup.database
        self.office = Office(setup)
        """What the owner and staff do."""

    @property
    def terms(self) -> Terms:
        """What the owner decides."""
        return self._setup.terms

    def now(self) -> datetime:
        """Give the shop's time, in Coordinated Universal Time."""
        return datetime.fromtimestamp(self._setup.clock.now(), UTC)

    @property
    def ways_to_pay(self) -> tuple[str, ...]:
        """What `place` takes as `pay_by`."""
        return tuple(self._setup.payments)

    def search(self, wanted: Wanted) -> list[Piece]:
        """Find pieces by words and by what they must be, the best first."""
        with self._database.read() as db:
            return searching.search(db, wanted)

    def piece(self, sku: str) -> Piece:
        """Give a piece with its price and stock of this moment.

        Raises:
            Unknown: There is no such piece.
        """
        with self._database.read() as db:
            return find_pieces(db, [sku])[sku]

    def compare(self, skus: Sequence[str]) -> Comparison:
        """Put two to six pieces side by side: what is the same, and what is not.

        Raises:
            Unknown: There is no piece of one of the SKUs.
            WrongInput: Too few or too many are given.
        """
        with self._database.read() as db:
            return searching.compare(db, skus)

    def fits(
        self, sku: str, space: Space, *, n: int = 1, clearance_mm: int | None = None, folded: bool = False
    ) -> Fit:
        """Tell whether pieces fit a space with room to get by; a usual clearance is kept if none is given.

        Raises:
            Unknown: There is no such piece.
        """
        return fit(self.piece(sku), space, n=n, clearance_mm=clearance_mm, folded=folded)

    def cart_show(self, customer: str) -> Cart:
        """Give a customer's cart with the prices of this moment."""
        with self._database.read() as db:
            return carts.show(db, self._setup.terms, customer)

    def cart_add(self, customer: str, sku: str, n: int = 1, *, key: str) -> Cart:
        """Put more of a piece into a customer's cart.

        Raises:
            Unknown: There is no such piece.
            WrongInput: The number is not from 1 to 99, or the cart holds too many different pieces.
            OutOfStock: Fewer are left than would be in the cart.
        """
        wanted = call(key, "cart_add", customer=customer, sku=sku, n=n)
        terms, now = self._setup.terms, self._setup.clock.now()
        return once(self._database, wanted, now, Cart, lambda db: carts.add(db, terms, customer, sku, n, now))

    def cart_set(self, customer: str, sku: str, n: int, *, key: str) -> Cart:
        """Set how many of a piece are in a customer's cart; 0 takes it out.

        Raises:
            Unknown: There is no such piece.
            WrongInput: The number is not from 0 to 99, or the cart holds too many different pieces.
            OutOfStock: Fewer are left.
        """
        wanted = call(key, "cart_set", customer=customer, sku=sku, n=n)
        terms, now = self._setup.terms, self._setup.clock.now()
        return once(self._database, wanted, now, Cart, lambda db: carts.put(db, terms, customer, sku, n, now))

    def delivery_slots(self, postal_code: str) -> list[Slot]:
        """Give the delivery slots that can be had for a postal code, with their fee, the soonest first.

        Raises:
            DeliveryError: Nobody delivers there.
        """
        with self._database.read() as db:
            return delivery.slots(db, self._setup.terms, postal_code, self._setup.clock.now())

    def checkout(
        self,
        customer: str,
        *,
        address: Address | None = None,
        slot: str | None = None,
        agreed_total: Money | None = None,
        key: str,
    ) -> Order:
        """Make an order of a customer's cart: reserved with an address and a slot, open without.

        Args:
            customer: Whose cart.
            address: Where it goes.
            slot: When, as `delivery_slots` names it.
            agreed_total: What the customer agreed to pay; needed where prices are others than in the cart.
            key: Idempotency key.

        Raises:
            EmptyCart: There is nothing to check out.
            OutOfStock: Fewer pieces are left than are wanted.
            PriceChanged: The total is not what was agreed to; it says what changed and the total to agree to.
            DeliveryError: Nobody delivers there, or the slot is full or does not serve the address.
            WrongInput: Only one of address and slot is given.
        """
        wanted = call(key, "checkout", customer=customer, address=address, slot=slot, agreed_total=agreed_total)
        return checkouts.check_out(self._setup, wanted, customer, address, slot, agreed_total)

    def reserve(self, customer: str, order: str, *, address: Address, slot: str, key: str) -> Order:
        """Hold the pieces of an open order, and a delivery slot.

        Raises:
            Unknown: The customer has no such order.
            CheckoutExpired: Its time has passed; its pieces are in the cart again.
            WrongState: It is not open.
            OutOfStock: Fewer pieces are left than are wanted.
            DeliveryError: Nobody delivers there, or the slot is full or does not serve the address.
        """
        wanted = call(key, "reserve", customer=customer, order=order, address=address, slot=slot)
        return checkouts.reserve(self._setup, wanted, customer, order, address, slot)

    def place(self, customer: str, order: str, *, total: Money, pay_by: str, method: str = "", key: str) -> Order:
        """Pay for a reserved order and place it.

        Args:
            customer: Whose order.
            order: Its id.
            total: What the customer agreed to pay; the order must come to exactly that.
            pay_by: One of `ways_to_pay`.
            method: The customer's means of payment, in the provider's words; not needed for an invoice.
            key: Idempotency key.

        Raises:
            Unknown: The customer has no such order.
            PriceChanged: It comes to another total.
            CheckoutExpired: Its time has passed; its pieces are in the cart again.
            WrongState: It is not reserved.
            NotPlaced: Its pieces are gone, or it was cancelled meanwhile; what was paid is given back.
            PaymentDeclined: Nothing was paid; the order is still reserved, another way to pay may be tried.
            PaymentPending: The customer has to confirm the payment; the order goes on by itself after that.
            PaymentInDoubt: No answer came; make the same call again, or wait for `recover`.
            PaymentRefused: The provider does not take this payment.
            WrongInput: There is no such way to pay.
        """
        wanted = call(key, "place", customer=customer, order=order, total=total, pay_by=pay_by, method=method)
        return placing.place(self._setup, wanted, customer, order, total, pay_by, method)

    def order_status(self, customer: str, order: str) -> Order:
        """Give an order as it stands.

        Raises:
            Unknown: The customer has no such order.
        """
        with self._database.read() as db:
            return billing.bill(db, order, customer)

    def orders(self, customer: str) -> list[Order]:
        """Give a customer's latest orders, the newest first."""
        with self._database.read() as db:
            return billing.orders_of(db, customer, MOST_ORDERS)

    def confirmation(self, customer: str, order: str) -> str:
        """Write the confirmation of a placed order.

        Raises:
            Unknown: The customer has no such order.
            WrongState: It was not placed, or was cancelled.
        """
        return confirmation(self._setup.terms, self.order_status(customer, order))

    def cancel(self, customer: str, order: str, *, why: str = "the customer asked for it", key: str) -> Order:
        """Cancel an order that was not shipped; what was paid is given back.

        Raises:
            Unknown: The customer has no such order.
            WrongState: It was shipped, or has ended.
            PaymentInDoubt: A refund of it is under way.
        """
        wanted = call(key, "cancel", customer=customer, order=order, why=why)
        return cancelling.cancel(self._setup, wanted, customer, order, why)

    def change_address(
        self, customer: str, order: str, address: Address, *, slot: str | None = None, key: str
    ) -> Order:
        """Send a reserved or placed order elsewhere, at the delivery fee that was agreed to.

        Args:
            customer: Whose order.
            order: Its id.
            address: Where it goes.
            slot: Another slot; needed where the old one does not serve the address.
            key: Idempotency key.

        Raises:
            Unknown: The customer has no such order.
            WrongState: It was shipped, or has ended.
            CheckoutExpired: Its time has passed.
            WrongInput: The slot does not serve the address, or delivery there is dearer.
            DeliveryError: Nobody delivers there, or the slot is full.
        """
        wanted = call(key, "change_address", customer=customer, order=order, address=address, slot=slot)
        return checkouts.change_address(self._setup, wanted, customer, order, address, slot)

    def report_damage(self, customer: str, order: str, sku: str, n: int, words: str, *, key: str) -> Claim:
        """Note that pieces of a shipped order are damaged, and say what they cost; a refund is a call of its own.

        Raises:
            Unknown: The customer has no such order.
            WrongState: It was not shipped.
            WrongInput: It has not so many of that piece, or nothing is said of the damage.
        """
        wanted = call(key, "report_damage", customer=customer, order=order, sku=sku, n=n, words=words)
        return refunds.report_damage(self._setup, wanted, customer, order, sku, n, words)

    def refund(self, customer: str, order: str, amount: Money, *, why: str, key: str) -> Adjustment:
        """Give back some of what was paid for an order.

        Raises:
            Unknown: The customer has no such order.
            WrongState: It was not placed.
            RefundTooHigh: Less is left of what was paid.
            PaymentInDoubt: No answer came, or another refund is under way; make the same call again, or wait.
            PaymentRefused: The provider does not do it.
        """
        wanted = call(key, "refund", customer=customer, order=order, amount=amount, why=why)
        return refunds.refund(self._setup, wanted, customer, order, amount, why)

    def webhook(self, pay_by: str, payload: bytes, signature: str) -> None:
        """Take a message of a payment provider; one that came before changes nothing.

        Raises:
            WebhookRefused: It is not from the provider, is too old, or cannot be read.
            PaymentInDoubt: The provider does not answer about it; let it be sent again.
        """
        receive(self._setup, pay_by, payload, signature)

    def recover(self) -> Recovery:
        """Finish or undo what stopped half-way, and let checkouts expire: at the start, and every minute or so."""
        return recovery.recover(self._setup)

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()
