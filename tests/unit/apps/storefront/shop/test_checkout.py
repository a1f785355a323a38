"""From the cart to the placed order: prices, pieces, slots and totals are those that were agreed to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.storefront.shop import Address
from apps.storefront.shop.errors import (
    CheckoutExpired,
    DeliveryError,
    EmptyCart,
    OutOfStock,
    PaymentDeclined,
    PriceChanged,
    Unknown,
    WrongInput,
    WrongState,
)
from apps.storefront.shop.payments import PracticePayments
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.shopping import (
    AT_HOME,
    CHAIR,
    NOON,
    POT,
    Counter,
    euros,
    open_counter,
    roomy_terms,
)

AT_SEA = Address(name="Ada", street="Pier 2", postal_code="25980", city="Coast")


def test_an_order_goes_from_the_cart_to_the_door(either: Counter) -> None:
    shop = either.shop
    shop.cart_add("ada", CHAIR, 2, key="a")
    shop.cart_add("ada", POT, key="b")
    order = shop.checkout("ada", address=AT_HOME, slot=either.slot, key="c")
    assert order.total == euros("248.99")  # 2 * 100 + 19.99, and 29 for the delivery

    placed = either.place(order)
    shop.office.ship(order.id, key="d")
    shop.office.deliver(order.id, key="e")

    states = [move.state for move in shop.order_status("ada", order.id).history]
    assert states == ["open", "reserved", "authorised", "placed", "shipped", "delivered"]
    assert placed.paid == order.total
    assert shop.piece(CHAIR).stock == 3


def test_a_cart_takes_no_more_than_there_is(counter: Counter) -> None:
    counter.shop.cart_add("ada", CHAIR, 4, key="a")

    with pytest.raises(OutOfStock) as refused:
        counter.shop.cart_add("ada", CHAIR, 2, key="b")

    assert (refused.value.wanted, refused.value.left) == (6, 5)
    assert counter.shop.cart_show("ada").lines[0].n == 4


def test_a_price_that_changed_since_the_cart_is_shown_and_must_be_agreed_to(either: Counter) -> None:
    shop = either.shop
    shop.cart_add("ada", CHAIR, 2, key="a")
    shop.office.set_price(CHAIR, euros("120.00"), key="b")

    assert shop.cart_show("ada").changes == ("CHR-1 costs 120.00 EUR, not 100.00 EUR",)
    with pytest.raises(PriceChanged, match=r"CHR-1 costs 120\.00 EUR, not 100\.00 EUR") as refused:
        shop.checkout("ada", address=AT_HOME, slot=either.slot, key="c")
    assert refused.value.total == euros("269.00")

    agreed = shop.checkout("ada", address=AT_HOME, slot=either.slot, agreed_total=refused.value.total, key="c")
    assert agreed.total == euros("269.00")


def test_a_total_that_was_not_agreed_to_is_refused_even_where_no_price_changed(counter: Counter) -> None:
    counter.shop.cart_add("ada", CHAIR, key="a")

    with pytest.raises(PriceChanged, match=r"100\.00 EUR was agreed to") as refused:
        counter.shop.checkout("ada", address=AT_HOME, slot=counter.slot, agreed_total=euros("100.00"), key="b")

    assert refused.value.total == euros("129.00")


def test_a_price_that_changes_after_the_checkout_does_not_touch_the_order(counter: Counter) -> None:
    order = counter.reserved(2)
    counter.shop.office.set_price(CHAIR, euros("500.00"), key="a")

    assert counter.place(order).paid == euros("229.00")


def test_a_placed_order_costs_what_the_customer_named(counter: Counter) -> None:
    order = counter.reserved()

    with pytest.raises(PriceChanged):
        counter.shop.place("ada", order.id, total=euros("1.00"), pay_by="card", key="a")

    assert counter.card.charges == {}


def test_a_checkout_that_expires_gives_back_pieces_slot_and_cart(either: Counter) -> None:
    before = either.shop.delivery_slots(AT_HOME.postal_code)
    order = either.reserved(5)
    assert either.shop.piece(CHAIR).stock == 0
    either.clock.advance(1800)

    assert either.shop.recover().expired == (order.id,)

    assert either.status(order).state == "expired"
    assert either.shop.piece(CHAIR).stock == 5
    assert either.shop.delivery_slots(AT_HOME.postal_code) == before
    assert either.shop.cart_show("ada").lines[0].n == 5


def test_the_next_checkout_gets_what_an_expired_one_held_without_anybody_sweeping(counter: Counter) -> None:
    counter.reserved(3)
    counter.shop.cart_add("bo", CHAIR, 2, key="a")
    counter.clock.advance(1800)

    bo = counter.shop.checkout("bo", address=AT_HOME, slot=counter.slot, key="b")
    again = counter.shop.checkout("ada", address=AT_HOME, slot=counter.slot, key="c")

    assert (bo.state, again.state) == ("reserved", "reserved")


def test_an_order_cannot_be_placed_after_its_time(counter: Counter) -> None:
    order = counter.reserved()
    counter.clock.advance(1800)

    with pytest.raises(CheckoutExpired):
        counter.place(order)

    assert counter.card.charges == {}


def test_an_open_checkout_holds_prices_and_no_pieces_until_it_is_reserved(counter: Counter) -> None:
    counter.shop.cart_add("ada", CHAIR, 2, key="a")
    order = counter.shop.checkout("ada", key="b")
    assert (order.state, order.total, counter.shop.piece(CHAIR).stock) == ("open", euros("200.00"), 5)
    counter.shop.office.set_price(CHAIR, euros("150.00"), key="c")
    with pytest.raises(WrongState, match="reserved"):
        counter.place(order)

    reserved = counter.shop.reserve("ada", order.id, address=AT_HOME, slot=counter.slot, key="d")

    assert (reserved.total, counter.shop.piece(CHAIR).stock) == (euros("229.00"), 3)


def test_an_empty_cart_is_not_checked_out_and_neither_is_one_twice(counter: Counter) -> None:
    counter.reserved()

    with pytest.raises(EmptyCart):
        counter.shop.checkout("ada", address=AT_HOME, slot=counter.slot, key="a")


def test_a_declined_card_leaves_the_order_reserved_for_another_way_to_pay(counter: Counter) -> None:
    order = counter.reserved()

    with pytest.raises(PaymentDeclined):
        counter.place(order, method="empty")

    assert counter.status(order).state == "reserved"
    assert counter.place(order, pay_by="invoice").state == "placed"


def test_an_order_too_dear_for_an_invoice_is_declined(counter: Counter) -> None:
    counter.shop.office.set_price(CHAIR, euros("2,999.00"), key="a")

    with pytest.raises(PaymentDeclined, match=r"3,000\.00 EUR"):
        counter.placed(pay_by="invoice")


def test_pieces_written_off_while_they_are_held_end_the_order_and_the_payment(counter: Counter) -> None:
    order = counter.reserved(5)
    counter.shop.office.write_off(CHAIR, 1, key="a")

    with pytest.raises(WrongState, match=r"was not placed: 5 of 'CHR-1' are wanted"):
        counter.place(order)

    assert counter.status(order).state == "cancelled"
    assert [charge.state for charge in counter.card.charges.values()] == ["voided"]
    assert counter.shop.piece(CHAIR).stock == 4


def test_another_customer_sees_and_touches_nothing_of_an_order(counter: Counter) -> None:
    order = counter.reserved()

    touches: list[Callable[[], object]] = [
        lambda: counter.shop.order_status("bo", order.id),
        lambda: counter.shop.cancel("bo", order.id, key="a"),
        lambda: counter.shop.place("bo", order.id, total=order.total, pay_by="card", key="b"),
        lambda: counter.shop.change_address("bo", order.id, AT_HOME, key="c"),
    ]
    for touch in touches:
        with pytest.raises(Unknown, match="this customer has no order"):
            touch()

    assert counter.status(order).state == "reserved"
    assert counter.shop.orders("bo") == []


def test_a_full_slot_is_neither_offered_nor_booked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with open_counter(url, FakeClock(NOON), PracticePayments(), terms=roomy_terms(capacity=1)) as counter:
        order = counter.reserved()
        counter.shop.cart_add("bo", CHAIR, key="a")

        with pytest.raises(DeliveryError, match="is full; take another one"):
            counter.shop.checkout("bo", address=AT_HOME, slot=order.slot, key="b")

        assert order.slot not in [slot.id for slot in counter.shop.delivery_slots(AT_HOME.postal_code)]
        assert counter.shop.piece(CHAIR).stock == 4


def test_nothing_is_delivered_where_no_van_goes(counter: Counter) -> None:
    slot = counter.shop.delivery_slots(AT_SEA.postal_code)[0].id
    counter.shop.cart_add("ada", CHAIR, key="a")

    with pytest.raises(DeliveryError, match="take one of those"):
        counter.shop.checkout("ada", address=AT_HOME, slot=slot, key="b")
    with pytest.raises(DeliveryError, match="nobody delivers"):
        counter.shop.delivery_slots("XX")


def test_an_address_moves_within_its_area_and_not_to_a_dearer_one(counter: Counter) -> None:
    order = counter.placed()
    next_door = AT_HOME.model_copy(update={"street": "Pier 9"})

    moved = counter.shop.change_address("ada", order.id, next_door, key="a")

    assert (moved.address, moved.slot, moved.total) == (next_door, order.slot, order.total)
    with pytest.raises(WrongInput, match="does not serve"):
        counter.shop.change_address("ada", order.id, AT_SEA, key="b")
    coast = counter.shop.delivery_slots(AT_SEA.postal_code)[0].id
    with pytest.raises(WrongInput, match=r"costs 59\.00 EUR, and 29\.00 EUR was agreed to"):
        counter.shop.change_address("ada", order.id, AT_SEA, slot=coast, key="b")
    assert counter.shop.delivery_slots(AT_SEA.postal_code)[0].free == 1000


def test_a_changed_slot_frees_the_old_one(counter: Counter) -> None:
    order = counter.reserved()
    first, second = (slot.id for slot in counter.shop.delivery_slots(AT_HOME.postal_code)[:2])
    assert order.slot == first

    counter.shop.change_address("ada", order.id, AT_HOME, slot=second, key="a")

    assert [slot.free for slot in counter.shop.delivery_slots(AT_HOME.postal_code)[:2]] == [1000, 999]


def test_the_confirmation_says_what_was_bought_and_the_tax_in_it(counter: Counter) -> None:
    counter.shop.cart_add("ada", POT, key="a")
    order = counter.placed(2)

    text = counter.shop.confirmation("ada", order.id)

    assert text.splitlines() == [
        f"Fair Weather Furniture: order {order.id}",
        "Placed on 2025-11-25 at 12:00 UTC",
        "",
        "2 × Chair (CHR-1) at 100.00 EUR  200.00 EUR",
        "1 × Pot (POT-1) at 19.99 EUR      19.99 EUR",
        "Delivery                          29.00 EUR",
        "Total                            248.99 EUR",
        "  of which 19 % tax: 36.56 EUR",
        "  of which 7 % tax: 1.31 EUR",
        "",
        "Delivered on 2025-11-28 between 08:00 and 13:00 to:",
        "Ada, Pier 1, 20095 Town",
    ]
