"""Payments whose answer does not come: the order comes right by asking again, by recovery or by a message."""

from pathlib import Path

import pytest

from apps.storefront.shop import Money, Order
from apps.storefront.shop.errors import NotPlaced, PaymentInDoubt, PaymentRefused
from apps.storefront.shop.payments import Charge, PracticePayments
from apps.storefront.shop.payments.practice import Fault
from apps.storefront.shop.recovery import GRACE_S
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.shopping import CHAIR, NOON, Counter, euros, open_counter


class TooLate(PracticePayments):
    """A provider that answers every capture as if somebody else had been faster."""

    def capture(self, charge: Charge, amount: Money) -> Charge:
        """Capture, and refuse to do it again."""
        super().capture(charge, amount)
        raise PaymentRefused(f"charge {charge.reference!r} is captured already")


class Forgetful(PracticePayments):
    """A provider that no longer knows under which key it gave money back."""

    def refund(self, charge: Charge, amount: Money, key: str) -> Charge:
        """Refund as if it were for the first time."""
        return super().refund(charge, amount, f"{key} {len(self.next)} {self.charges}")


def doubtful(counter: Counter, *faults: Fault, n: int = 1) -> Order:
    """Place an order whose payment gets no answer."""
    order = counter.reserved(n)
    counter.card.next = list(faults)
    with pytest.raises(PaymentInDoubt):
        counter.place(order, key="place")
    return order


@pytest.mark.parametrize(
    "faults", [["lost"], ["dropped"], ["late"], ["ok", "lost"], ["ok", "dropped"], ["ok", "late"]]
)
def test_the_same_call_made_again_places_the_order_and_pays_once(counter: Counter, faults: list[Fault]) -> None:
    order = doubtful(counter, *faults)

    placed = counter.place(order, key="place")
    counter.card.land()

    assert placed.state == "placed"
    assert [charge.captured for charge in counter.card.charges.values()] == [order.total]
    assert counter.shop.piece(CHAIR).stock == 4


@pytest.mark.parametrize("faults", [["lost"], ["ok", "lost"], ["ok", "dropped"], ["ok", "late"]])
def test_recovery_places_an_order_whose_payment_is_found(either: Counter, faults: list[Fault]) -> None:
    order = doubtful(either, *faults)

    recovery = either.shop.recover()

    assert (recovery.settled, recovery.waiting, recovery.trouble) == ((f"{order.id}-P01",), (), {})
    assert either.status(order).state == "placed"
    assert either.place(order, key="place").state == "placed"  # and the call that was in doubt has its result
    assert [charge.captured for charge in either.card.charges.values()] == [order.total]


def test_a_doubtful_order_is_not_paid_for_by_another_call(counter: Counter) -> None:
    order = doubtful(counter, "lost")

    with pytest.raises(PaymentInDoubt, match="being paid for by another call"):
        counter.place(order, pay_by="invoice")

    assert len(counter.card.charges) == 1


def test_a_doubtful_order_does_not_expire_before_its_payment_was_looked_for(counter: Counter) -> None:
    order = doubtful(counter, "lost")
    counter.clock.advance(7200)
    counter.reserved(customer="bo")  # which lets expire what may expire

    assert counter.status(order).state == "reserved"
    counter.shop.recover()

    assert counter.status(order).state == "placed"


def test_a_payment_that_nobody_knows_of_is_waited_for_and_then_given_up(counter: Counter) -> None:
    order = doubtful(counter, "dropped")
    assert counter.shop.recover().waiting == (f"{order.id}-P01",)
    counter.clock.advance(GRACE_S)

    counter.shop.recover()

    assert (counter.status(order).state, counter.status(order).payment) == ("reserved", "abandoned")
    assert counter.place(order).state == "placed"


def test_a_payment_that_turns_up_after_it_was_given_up_is_undone(counter: Counter) -> None:
    order = doubtful(counter, "late")
    counter.clock.advance(GRACE_S)
    counter.shop.recover()
    counter.place(order, pay_by="invoice")
    counter.card.land()

    counter.shop.recover()

    assert [charge.state for charge in counter.card.charges.values()] == ["voided"]
    assert counter.status(order).paid == order.total


def test_an_order_cancelled_while_its_payment_is_in_doubt_pays_nothing(counter: Counter) -> None:
    order = doubtful(counter, "late")
    counter.shop.cancel("ada", order.id, key="a")
    counter.card.land()

    counter.shop.recover()

    assert counter.status(order).state == "cancelled"
    assert [charge.state for charge in counter.card.charges.values()] == ["voided"]
    assert counter.shop.piece(CHAIR).stock == 5


def test_pieces_lost_while_the_payment_was_in_doubt_undo_it(counter: Counter) -> None:
    order = doubtful(counter, "lost", n=5)
    counter.shop.office.write_off(CHAIR, 1, key="a")

    counter.shop.recover()

    assert counter.status(order).state == "cancelled"
    assert [charge.state for charge in counter.card.charges.values()] == ["voided"]


def test_a_capture_that_is_refused_ends_the_order_and_puts_its_pieces_back(counter: Counter) -> None:
    order = counter.reserved()
    counter.card.next = ["ok", "decline"]

    with pytest.raises(NotPlaced, match="the bank said no"):
        counter.place(order)

    assert counter.status(order).state == "cancelled"
    assert [charge.state for charge in counter.card.charges.values()] == ["voided"]
    assert counter.shop.piece(CHAIR).stock == 5


def test_a_payment_by_a_way_that_is_no_longer_offered_keeps_nothing_else_from_coming_right(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    card, voucher = PracticePayments(), PracticePayments()
    with open_counter(url, FakeClock(NOON), card, voucher=voucher) as counter:
        lost = counter.reserved()
        found = counter.reserved(customer="bo")
        voucher.next, card.next = ["ok", "lost"], ["ok", "lost"]
        for order, pay_by in ((lost, "voucher"), (found, "card")):
            with pytest.raises(PaymentInDoubt):
                counter.place(order, pay_by=pay_by)

    with open_counter(url, FakeClock(NOON), card) as counter:
        recovery = counter.shop.recover()

        assert list(recovery.trouble) == [f"{lost.id}-P01"]
        assert "the ways to pay are invoice, card" in recovery.trouble[f"{lost.id}-P01"]
        assert counter.status(found).state == "placed"


def test_a_capture_that_is_refused_because_it_was_done_places_the_order(tmp_path: Path) -> None:
    with open_counter(f"sqlite:///{tmp_path / 'shop.db'}", FakeClock(NOON), TooLate()) as counter:
        assert counter.placed().state == "placed"


def test_a_refund_that_was_done_is_not_asked_for_again_even_where_its_key_is_forgotten(tmp_path: Path) -> None:
    with open_counter(f"sqlite:///{tmp_path / 'shop.db'}", FakeClock(NOON), Forgetful()) as counter:
        order = counter.placed()
        counter.card.next = ["lost"]
        with pytest.raises(PaymentInDoubt):
            counter.shop.refund("ada", order.id, euros("50.00"), why="a scratch", key="a")

        counter.shop.recover()

        assert [charge.refunded for charge in counter.card.charges.values()] == [euros("50.00")]
