"""A small shop and what customers do in it."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from apps.storefront.shop import Address, Money, Order, Piece, Shop, Stood, Terms, open_shop, read_terms
from apps.storefront.shop.catalogue import Dimensions
from apps.storefront.shop.payments import Payments, PracticePayments
from mainspring.core import FakeClock, SeededRng

NOON = 1_764_072_000.0  # 2025-11-25 12:00 UTC, a Tuesday
AT_HOME = Address(name="Ada", street="Pier 1", postal_code="20095", city="Town")
CHAIR = "CHR-1"
POT = "POT-1"


def euros(amount: str) -> Money:
    """Write an amount in euros."""
    return Money.read(f"{amount} EUR")


def two_pieces(n_chairs: int = 5, n_pots: int = 3) -> list[Piece]:
    """Give a chair of 100 euros and a pot of 19.99 in another tax class."""
    size = Dimensions(width_mm=500, depth_mm=500, height_mm=900)
    stood = Stood(rain=3, frost=3, sun=3, salt=3)
    chair = Piece(
        sku=CHAIR,
        name="Chair",
        kind="chair",
        materials=("teak",),
        stands="open",
        weather=stood,
        size=size,
        weight_g=5000,
        price=euros("100.00"),
        stock=n_chairs,
        description="A chair.",
    )
    changes = {"sku": POT, "name": "Pot", "kind": "planter", "tax_class": "reduced", "stock": n_pots}
    return [chair, chair.model_copy(update=changes | {"price": euros("19.99"), "description": "A pot."})]


def roomy_terms(capacity: int = 1000) -> Terms:
    """Give terms with vans for so many deliveries in each window."""
    terms = read_terms()
    areas = tuple(area.model_copy(update={"capacity": capacity}) for area in terms.delivery.areas)
    return terms.model_copy(update={"delivery": terms.delivery.model_copy(update={"areas": areas})})


@dataclass
class Counter:
    """A shop with what a test turns."""

    shop: Shop
    clock: FakeClock
    card: PracticePayments
    url: str
    _keys: Iterator[int] = field(default_factory=itertools.count)

    @property
    def key(self) -> str:
        """An idempotency key that was not used yet."""
        return f"key {next(self._keys)}"

    @property
    def slot(self) -> str:
        """A delivery slot that serves `AT_HOME`."""
        return self.shop.delivery_slots(AT_HOME.postal_code)[0].id

    def reserved(self, n: int = 1, *, customer: str = "ada", sku: str = CHAIR) -> Order:
        """Put pieces into a cart and check out."""
        self.shop.cart_add(customer, sku, n, key=self.key)
        return self.shop.checkout(customer, address=AT_HOME, slot=self.slot, key=self.key)

    def placed(self, n: int = 1, *, customer: str = "ada", sku: str = CHAIR, pay_by: str = "card") -> Order:
        """Buy pieces."""
        return self.place(self.reserved(n, customer=customer, sku=sku), pay_by=pay_by)

    def place(self, order: Order, *, pay_by: str = "card", method: str = "", key: str | None = None) -> Order:
        """Place a reserved order."""
        return self.shop.place(
            order.customer, order.id, total=order.total, pay_by=pay_by, method=method, key=key or self.key
        )

    def status(self, order: Order) -> Order:
        """Look at an order."""
        return self.shop.order_status(order.customer, order.id)


@contextmanager
def open_counter(
    url: str,
    clock: FakeClock,
    card: PracticePayments,
    *,
    pieces: list[Piece] | None = None,
    terms: Terms | None = None,
    **ways: Payments,
) -> Iterator[Counter]:
    """Open a small shop."""
    shop = open_shop(
        url,
        payments={"card": card, **ways},
        pieces=pieces or two_pieces(),
        terms=terms or roomy_terms(),
        clock=clock,
        rng=SeededRng(),
    )
    try:
        yield Counter(shop, clock, card, url)
    finally:
        shop.close()
