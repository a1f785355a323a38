"""What goes wrong in a shop's day, and that its tables are right afterwards, each fault told from the outside."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.storefront.shop import Address, Order
from apps.storefront.shop.errors import DeliveryError, OutOfStock, PaymentInDoubt, PriceChanged
from apps.storefront.shop.payments import PracticePayments
from apps.storefront.shop.payments.practice import Fault
from apps.storefront.shop.payments.provider import Notice
from apps.storefront.shop.recovery import GRACE_S
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.books import Books, books
from tests.unit.apps.storefront.shop.shopping import AT_HOME, CHAIR, NOON, Counter, euros, open_counter

NOWHERE = Address(name="Ada", street="Pier 1", postal_code="XX9 9XX", city="Atlantis")
CHAIR_AND_DELIVERY = 12_900
"""Cents of one chair, delivered in town."""


class Announcing(PracticePayments):
    """A provider that sends messages: the payload is the payment they are about, the signature their id."""

    def notice(self, payload: bytes, signature: str) -> Notice:
        """Read a message."""
        return Notice(signature, payload.decode())


@pytest.fixture
def announced(shop_url: str) -> Iterator[Counter]:
    """Give a shop on each database whose provider sends messages."""
    with open_counter(shop_url, FakeClock(NOON), Announcing()) as counter:
        yield counter


def doubtful(counter: Counter, *faults: Fault) -> Order:
    """Place an order for a chair whose payment gets no answer."""
    order = counter.reserved()
    counter.card.next = list(faults)
    with pytest.raises(PaymentInDoubt):
        counter.place(order, key="place")
    return order


def test_an_order_to_a_place_that_does_not_exist_is_none_and_holds_nothing(either: Counter) -> None:
    either.shop.cart_add("ada", CHAIR, 2, key="a")

    with pytest.raises(DeliveryError, match="nobody delivers to the postal code 'XX9 9XX'"):
        either.shop.checkout("ada", address=NOWHERE, slot=either.slot, key="b")

    assert books(either.url) == Books(in_carts=2)
    order = either.shop.checkout("ada", address=AT_HOME, slot=either.slot, key="b")  # the key was left free
    assert books(either.url) == Books(orders={"reserved": 1}, held=2, booked=1)
    with pytest.raises(DeliveryError, match="nobody delivers"):
        either.shop.change_address("ada", order.id, NOWHERE, key="c")
    assert either.status(order).address == AT_HOME


def test_a_piece_that_sells_out_between_cart_and_checkout_is_not_ordered_and_stays_in_the_cart(
    either: Counter,
) -> None:
    either.shop.cart_add("ada", CHAIR, 2, key="a")
    bought = either.placed(4, customer="bo")

    with pytest.raises(OutOfStock) as refused:
        either.shop.checkout("ada", address=AT_HOME, slot=either.slot, key="b")

    assert (refused.value.wanted, refused.value.left) == (2, 1)
    assert books(either.url) == Books(
        orders={"placed": 1}, sold=4, on_hand=1, in_carts=2, booked=1, owed=42_900, captured=42_900, n_captures=1
    )
    assert bought.total == euros("429.00")


def test_a_price_that_changes_during_the_checkout_charges_what_was_agreed_to_and_nothing_else(
    either: Counter,
) -> None:
    either.shop.cart_add("ada", CHAIR, key="a")
    either.shop.office.set_price(CHAIR, euros("120.00"), key="b")
    with pytest.raises(PriceChanged) as refused:
        either.shop.checkout("ada", address=AT_HOME, slot=either.slot, key="c")
    assert books(either.url) == Books(in_carts=1)

    order = either.shop.checkout(
        "ada", address=AT_HOME, slot=either.slot, agreed_total=refused.value.total, key="c"
    )
    either.shop.office.set_price(CHAIR, euros("900.00"), key="d")
    with pytest.raises(PriceChanged):
        either.shop.place("ada", order.id, total=euros("929.00"), pay_by="card", key="e")
    assert books(either.url).n_captures == 0
    either.place(order)

    assert books(either.url) == Books(
        orders={"placed": 1}, sold=1, on_hand=4, booked=1, owed=14_900, captured=14_900, n_captures=1
    )


def test_a_message_that_comes_twenty_times_at_once_places_one_order_and_captures_once(announced: Counter) -> None:
    order = doubtful(announced, "lost")
    payload = f"{order.id}-P01".encode()

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: announced.shop.webhook("card", payload, "evt_1"), range(20)))
    announced.shop.webhook("card", payload, "evt_1")
    announced.shop.webhook("card", payload, "evt_2")  # another one about the same

    assert books(announced.url) == _one_chair_sold()
    assert [charge.captured.minor for charge in announced.card.charges.values()] == [CHAIR_AND_DELIVERY]


@pytest.mark.parametrize("faults", [["ok", "lost"], ["ok", "late"]])
def test_a_payment_that_times_out_and_is_captured_later_is_one_order_and_one_capture(
    either: Counter, faults: list[Fault]
) -> None:
    order = doubtful(either, *faults)
    assert books(either.url).orders == {"authorised": 1}
    either.card.land()
    either.clock.advance(GRACE_S)

    either.shop.recover()
    either.place(order, key="place")
    either.shop.recover()

    assert books(either.url) == _one_chair_sold()
    assert [charge.captured.minor for charge in either.card.charges.values()] == [CHAIR_AND_DELIVERY]


def test_a_payment_that_turns_out_captured_once_its_order_is_cancelled_is_given_back(either: Counter) -> None:
    order = doubtful(either, "ok", "late")
    either.card.land()
    either.shop.cancel("ada", order.id, key="a")

    either.shop.recover()

    after = books(either.url)
    assert (after.orders, after.sold, after.on_hand, after.held) == ({"cancelled": 1}, 0, 5, 0)
    assert after.captured == 0
    (charge,) = either.card.charges.values()
    assert (charge.captured.minor, charge.refunded.minor) == (CHAIR_AND_DELIVERY, CHAIR_AND_DELIVERY)


def _one_chair_sold() -> Books:
    return Books(
        orders={"placed": 1},
        sold=1,
        on_hand=4,
        booked=1,
        owed=CHAIR_AND_DELIVERY,
        captured=CHAIR_AND_DELIVERY,
        n_captures=1,
    )
