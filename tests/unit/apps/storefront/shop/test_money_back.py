"""Cancelling and refunding: what is given back never exceeds what was captured, and nothing is forgotten."""

import pytest

from apps.storefront.shop.errors import PaymentDeclined, PaymentInDoubt, RefundTooHigh, WrongInput, WrongState
from apps.storefront.shop.payments import PracticePayments
from tests.unit.apps.storefront.shop.shopping import CHAIR, Counter, euros


def net(card: PracticePayments) -> int:
    return sum(charge.captured.minor - charge.refunded.minor for charge in card.charges.values())


def test_refunds_together_never_exceed_what_was_paid(either: Counter) -> None:
    order = either.placed()  # 129.00
    either.shop.refund("ada", order.id, euros("100.00"), why="a scratch", key="a")

    with pytest.raises(RefundTooHigh, match=r"29\.00 EUR is left"):
        either.shop.refund("ada", order.id, euros("29.01"), why="more", key="b")
    either.shop.refund("ada", order.id, euros("29.00"), why="all of it", key="c")

    assert net(either.card) == 0
    assert either.status(order).refunded == euros("129.00")
    assert either.status(order).state == "placed"


def test_a_cancelled_order_gives_back_what_is_left_after_refunds(either: Counter) -> None:
    order = either.placed(2)
    either.shop.refund("ada", order.id, euros("9.00"), why="a scratch", key="a")

    either.shop.cancel("ada", order.id, key="b")

    assert net(either.card) == 0
    after = either.status(order)
    assert (after.state, after.refunded, either.shop.piece(CHAIR).stock) == ("cancelled", euros("229.00"), 5)
    assert [(item.kind, item.state, item.amount) for item in after.adjustments] == [
        ("refunded", "done", euros("9.00")),
        ("cancelled", "done", euros("220.00")),
    ]


def test_a_cancelled_invoice_order_is_credited(counter: Counter) -> None:
    order = counter.placed(pay_by="invoice")

    counter.shop.cancel("ada", order.id, key="a")

    assert counter.status(order).refunded == order.total


def test_a_shipped_order_is_not_cancelled(counter: Counter) -> None:
    order = counter.placed()
    counter.shop.office.ship(order.id, key="a")

    with pytest.raises(WrongState, match="is shipped, and cannot become cancelled"):
        counter.shop.cancel("ada", order.id, key="b")

    assert net(counter.card) == order.total.minor


def test_a_cancelled_checkout_puts_its_pieces_back_into_the_cart(counter: Counter) -> None:
    order = counter.reserved(2)

    counter.shop.cancel("ada", order.id, key="a")

    assert counter.shop.piece(CHAIR).stock == 5
    assert counter.shop.cart_show("ada").lines[0].n == 2


def test_a_refund_whose_answer_was_lost_is_done_once_and_keeps_others_waiting(counter: Counter) -> None:
    order = counter.placed()
    counter.card.next = ["lost"]

    with pytest.raises(PaymentInDoubt):
        counter.shop.refund("ada", order.id, euros("100.00"), why="a scratch", key="a")
    with pytest.raises(PaymentInDoubt, match="being given back"):
        counter.shop.refund("ada", order.id, euros("100.00"), why="a scratch", key="b")
    with pytest.raises(PaymentInDoubt, match="being given back"):
        counter.shop.cancel("ada", order.id, key="c")
    again = counter.shop.refund("ada", order.id, euros("100.00"), why="a scratch", key="a")

    assert (again.state, net(counter.card)) == ("done", 2900)


def test_a_refund_that_comes_late_is_not_made_a_second_time(counter: Counter) -> None:
    order = counter.placed()
    counter.card.next = ["late"]
    with pytest.raises(PaymentInDoubt):
        counter.shop.refund("ada", order.id, euros("50.00"), why="a scratch", key="a")
    counter.clock.advance(60)

    counter.shop.recover()
    counter.card.land()

    assert net(counter.card) == 7900
    assert counter.status(order).refunded == euros("50.00")


def test_a_refused_refund_has_failed_and_may_be_asked_for_again(counter: Counter) -> None:
    order = counter.placed()
    counter.card.next = ["decline"]
    with pytest.raises(PaymentDeclined):
        counter.shop.refund("ada", order.id, euros("50.00"), why="a scratch", key="a")

    again = counter.shop.refund("ada", order.id, euros("129.00"), why="a scratch", key="b")

    assert [item.state for item in counter.status(order).adjustments] == ["failed", "done"]
    assert again.amount == euros("129.00")


def test_money_that_cannot_be_given_back_at_once_is_given_back_by_recovery(counter: Counter) -> None:
    order = counter.placed()
    counter.card.next = ["dropped"]

    assert counter.shop.cancel("ada", order.id, key="a").state == "cancelled"
    assert net(counter.card) == order.total.minor
    counter.shop.recover()

    assert net(counter.card) == 0
    assert counter.status(order).payment == "undone"


def test_damage_is_noted_with_what_the_pieces_cost(counter: Counter) -> None:
    order = counter.placed(2)
    with pytest.raises(WrongState, match="what was shipped"):
        counter.shop.report_damage("ada", order.id, CHAIR, 1, "a leg is broken", key="a")
    counter.shop.office.ship(order.id, key="b")
    with pytest.raises(WrongInput, match="2 of CHR-1"):
        counter.shop.report_damage("ada", order.id, CHAIR, 3, "a leg is broken", key="a")

    claim = counter.shop.report_damage("ada", order.id, CHAIR, 1, "a leg is broken", key="a")

    assert claim.at_most == euros("100.00")
    assert counter.status(order).claims == (claim,)
