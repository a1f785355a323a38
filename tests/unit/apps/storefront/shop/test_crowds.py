"""Many buyers at once for the last pieces: exactly as many get one as there are."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

from apps.storefront.shop.errors import OutOfStock
from apps.storefront.shop.payments import PracticePayments
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.books import Books, books
from tests.unit.apps.storefront.shop.shopping import AT_HOME, CHAIR, NOON, POT, open_counter, two_pieces

N_BUYERS = 200
N_LEFT = 7


def test_two_hundred_buyers_for_the_last_seven_pieces_get_seven(shop_url: str) -> None:
    pieces = two_pieces(n_chairs=N_LEFT)
    with open_counter(shop_url, FakeClock(NOON), PracticePayments(), pieces=pieces) as counter:
        shop, slot = counter.shop, counter.slot
        start = Barrier(N_BUYERS)

        def buy(customer: str) -> str:
            start.wait()
            try:
                shop.cart_add(customer, CHAIR, key=f"{customer} cart")
                order = shop.checkout(customer, address=AT_HOME, slot=slot, key=f"{customer} checkout")
            except OutOfStock:
                return "too late"
            return shop.place(customer, order.id, total=order.total, pay_by="card", key=f"{customer} place").state

        with ThreadPoolExecutor(N_BUYERS) as threads:
            outcomes = list(threads.map(buy, [f"buyer {n}" for n in range(N_BUYERS)]))

        assert outcomes.count("placed") == N_LEFT
        assert outcomes.count("too late") == N_BUYERS - N_LEFT
        assert shop.piece(CHAIR).stock == 0
        assert len(counter.card.charges) == N_LEFT
        cents = N_LEFT * 10_000 + N_LEFT * 2_900  # each in an order of its own, with its delivery
        after = books(shop_url)
        assert after.in_carts + after.sold <= N_BUYERS  # who came too late has a cart at most
        assert replace(after, in_carts=0) == Books(
            orders={"placed": N_LEFT},
            sold=N_LEFT,
            on_hand=0,
            booked=N_LEFT,
            owed=cents,
            captured=cents,
            n_captures=N_LEFT,
        )


def test_buyers_of_the_same_two_pieces_in_either_order_never_block_each_other(shop_url: str) -> None:
    n_buyers = 20
    pieces = two_pieces(n_chairs=n_buyers, n_pots=n_buyers)
    with open_counter(shop_url, FakeClock(NOON), PracticePayments(), pieces=pieces) as counter:
        shop, slot = counter.shop, counter.slot

        def buy_and_cancel(n: int) -> str:
            customer = f"buyer {n}"
            for sku in (CHAIR, POT) if n % 2 else (POT, CHAIR):
                shop.cart_add(customer, sku, key=f"{customer} {sku}")
            order = shop.checkout(customer, address=AT_HOME, slot=slot, key=f"{customer} checkout")
            shop.place(customer, order.id, total=order.total, pay_by="card", key=f"{customer} place")
            return shop.cancel(customer, order.id, key=f"{customer} cancel").state

        with ThreadPoolExecutor(n_buyers) as threads:
            assert set(threads.map(buy_and_cancel, range(n_buyers))) == {"cancelled"}

        assert (shop.piece(CHAIR).stock, shop.piece(POT).stock) == (n_buyers, n_buyers)
        assert sum(charge.captured.minor - charge.refunded.minor for charge in counter.card.charges.values()) == 0
