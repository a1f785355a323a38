"""The same call under the same key happens once; keys that are missing, taken or in use are told apart."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.storefront.shop import Money, Order
from apps.storefront.shop.errors import KeyConflict, KeyInFlight, KeyMissing, NotPlaced, OutOfStock, PaymentDeclined
from apps.storefront.shop.idempotency import CLAIM_S
from apps.storefront.shop.payments import Charge, PracticePayments
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.shopping import AT_HOME, CHAIR, NOON, Counter, euros, open_counter

N_CALLS = 50


class Interrupted(PracticePayments):
    """Lets something happen while a payment is being asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] = int

    def authorise(self, reference: str, amount: Money, method: str) -> Charge:
        """Let it happen, and authorise."""
        meanwhile, self.meanwhile = self.meanwhile, int
        meanwhile()
        return super().authorise(reference, amount, method)


def test_a_call_made_twice_under_one_key_happens_once_and_gives_the_first_result(either: Counter) -> None:
    first = either.shop.cart_add("ada", CHAIR, 2, key="a")
    either.shop.cart_add("ada", CHAIR, 1, key="b")

    assert either.shop.cart_add("ada", CHAIR, 2, key="a") == first
    assert either.shop.cart_show("ada").lines[0].n == 3


def test_an_order_placed_twice_under_one_key_gives_the_first_result_whatever_became_of_it(either: Counter) -> None:
    order = either.reserved()
    placed = either.place(order, key="a")
    either.shop.office.ship(order.id, key="b")

    assert either.place(order, key="a") == placed
    assert len(either.card.charges) == 1


def test_a_declined_payment_may_be_tried_again_under_its_key(counter: Counter) -> None:
    order = counter.reserved()
    counter.card.next = ["decline"]
    with pytest.raises(PaymentDeclined):
        counter.place(order, key="a")

    assert counter.place(order, key="a").state == "placed"


@pytest.mark.parametrize("key", ["", "  ", None, "x" * 256])
def test_a_write_without_a_usable_key_is_refused(counter: Counter, key: str) -> None:
    with pytest.raises(KeyMissing, match="cart_add changes something"):
        counter.shop.cart_add("ada", CHAIR, key=key)


def test_a_key_serves_one_call_only(counter: Counter) -> None:
    counter.shop.cart_add("ada", CHAIR, 1, key="a")

    with pytest.raises(KeyConflict):
        counter.shop.cart_add("ada", CHAIR, 2, key="a")
    with pytest.raises(KeyConflict):
        counter.shop.cart_set("ada", CHAIR, 1, key="a")

    assert counter.shop.cart_show("ada").lines[0].n == 1


def test_a_refused_call_leaves_its_key_free(counter: Counter) -> None:
    with pytest.raises(OutOfStock):
        counter.shop.cart_add("ada", CHAIR, 6, key="a")
    counter.shop.office.restock(CHAIR, 1, key="b")

    assert counter.shop.cart_add("ada", CHAIR, 6, key="a").lines[0].n == 6


def test_a_key_whose_call_is_under_way_says_so(tmp_path: Path) -> None:
    card = Interrupted()
    seen: list[BaseException] = []

    def again() -> None:
        with pytest.raises(KeyInFlight) as refused:
            counter.place(order, key="a")
        seen.append(refused.value)

    with open_counter(f"sqlite:///{tmp_path / 'shop.db'}", FakeClock(NOON), card) as counter:
        order = counter.reserved()
        card.meanwhile = again
        placed = counter.place(order, key="a")

    assert len(seen) == 1
    assert placed.state == "placed"


def test_a_call_that_hangs_is_taken_over_by_the_same_call_and_pays_once(tmp_path: Path) -> None:
    card = Interrupted()
    results: list[Order] = []

    def much_later() -> None:
        counter.clock.advance(CLAIM_S)
        results.append(counter.place(order, key="a"))

    with open_counter(f"sqlite:///{tmp_path / 'shop.db'}", FakeClock(NOON), card) as counter:
        order = counter.reserved()
        card.meanwhile = much_later
        results.append(counter.place(order, key="a"))

    assert [result.state for result in results] == ["placed", "placed"]
    assert [charge.captured for charge in card.charges.values()] == [order.total]


def test_an_order_cancelled_while_it_is_being_paid_for_costs_nothing(tmp_path: Path) -> None:
    card = Interrupted()
    with open_counter(f"sqlite:///{tmp_path / 'shop.db'}", FakeClock(NOON), card) as counter:
        order = counter.reserved()
        card.meanwhile = lambda: counter.shop.cancel("ada", order.id, key="a")

        with pytest.raises(NotPlaced, match="was not placed: the order was cancelled"):
            counter.place(order, key="b")

        assert counter.status(order).state == "cancelled"
        assert counter.shop.piece(CHAIR).stock == 5
    assert [charge.state for charge in card.charges.values()] == ["voided"]


def test_fifty_equal_calls_at_once_have_one_effect(either: Counter) -> None:
    with ThreadPoolExecutor(N_CALLS) as threads:
        calls = [threads.submit(either.shop.cart_add, "ada", CHAIR, 2, key="a") for _ in range(N_CALLS)]
        carts = [call.result() for call in calls]

    assert carts == [carts[0]] * N_CALLS
    assert either.shop.cart_show("ada").lines[0].n == 2


def test_fifty_equal_orders_placed_at_once_are_one_order(either: Counter) -> None:
    order = either.reserved()

    def place() -> str:
        try:
            return either.place(order, key="a").state
        except KeyInFlight:
            return "in flight"

    with ThreadPoolExecutor(N_CALLS) as threads:
        states = {call.result() for call in [threads.submit(place) for _ in range(N_CALLS)]}

    assert "placed" in states
    assert states <= {"placed", "in flight"}
    assert [charge.captured for charge in either.card.charges.values()] == [order.total]


def test_fifty_equal_refunds_at_once_give_back_once(either: Counter) -> None:
    order = either.placed()

    def refund() -> str:
        try:
            return either.shop.refund("ada", order.id, euros("60.00"), why="a scratch", key="a").state
        except KeyInFlight:
            return "in flight"

    with ThreadPoolExecutor(N_CALLS) as threads:
        states = {call.result() for call in [threads.submit(refund) for _ in range(N_CALLS)]}

    assert "done" in states
    assert [charge.refunded for charge in either.card.charges.values()] == [euros("60.00")]


def test_a_checkout_made_again_after_its_answer_was_lost_gives_the_same_order(either: Counter) -> None:
    either.shop.cart_add("ada", CHAIR, key="a")
    slot = either.slot
    first = either.shop.checkout("ada", address=AT_HOME, slot=slot, key="b")

    assert either.shop.checkout("ada", address=AT_HOME, slot=slot, key="b") == first
    assert [order.id for order in either.shop.orders("ada")] == [first.id]
