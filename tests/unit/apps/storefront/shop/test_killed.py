"""A process killed between payment and order leaves a shop that comes right."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from apps.storefront.shop import Shop, schema
from apps.storefront.shop.database import open_database
from apps.storefront.shop.payments import PracticePayments
from apps.storefront.shop.recovery import GRACE_S
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.books import Books, books
from tests.unit.apps.storefront.shop.shopping import CHAIR, NOON, Counter, euros, open_counter

ONE_CHAIR_SOLD = Books(orders={"placed": 1}, sold=1, on_hand=4, booked=1, owed=12900, captured=12900, n_captures=1)


def kill(url: str, moment: str) -> None:
    """Run a shop until it is killed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.apps.storefront.shop.victim", url, moment],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def invoiced(shop: Shop) -> tuple[str, int, int]:
    """Give the state of ada's order, and what it was paid and refunded in cents."""
    (order,) = shop.orders("ada")
    return order.state, order.paid.minor, order.refunded.minor


def sent_invoices(url: str) -> list[int]:
    """Give what was captured of each invoice, in cents."""
    database = open_database(url)
    try:
        with database.read() as db:
            return list(db.execute(select(schema.invoices.c.captured)).scalars())
    finally:
        database.close()


@pytest.mark.parametrize("moment", ["after authorise", "after capture"])
def test_an_order_whose_payment_was_made_is_placed_by_recovery(shop_url: str, moment: str) -> None:
    kill(shop_url, moment)
    with open_counter(shop_url, FakeClock(NOON), PracticePayments()) as counter:
        assert invoiced(counter.shop)[0] in {"reserved", "authorised"}

        counter.shop.recover()

        assert invoiced(counter.shop) == ("placed", 12900, 0)
        assert counter.shop.recover().settled == ()
        (order,) = counter.shop.orders("ada")
        assert counter.place(order, pay_by="invoice", key="place").id == order.id  # the call that was cut off
        assert books(shop_url) == ONE_CHAIR_SOLD
        assert sent_invoices(shop_url) == [12900]


def test_an_order_killed_between_the_promise_and_the_capture_is_placed_by_recovery_alone(shop_url: str) -> None:
    kill(shop_url, "before capture")
    assert books(shop_url).orders == {"authorised": 1}
    with open_counter(shop_url, FakeClock(NOON), PracticePayments()) as counter:
        counter.shop.recover()

    assert books(shop_url) == ONE_CHAIR_SOLD
    assert sent_invoices(shop_url) == [12900]


@pytest.mark.parametrize("moment", ["before authorise", "before capture"])
def test_an_order_is_placed_once_by_the_same_call_made_again(counter: Counter, moment: str) -> None:
    kill(counter.url, moment)
    counter.clock.advance(GRACE_S)
    (order,) = counter.shop.orders("ada")

    placed = counter.place(order, pay_by="invoice", key="place")

    assert placed.state == "placed"
    assert books(counter.url) == ONE_CHAIR_SOLD
    assert sent_invoices(counter.url) == [12900]


def test_an_order_whose_payment_never_left_expires(counter: Counter) -> None:
    kill(counter.url, "before authorise")
    counter.clock.advance(1800)

    counter.shop.recover()

    assert invoiced(counter.shop) == ("expired", 0, 0)
    assert counter.shop.piece(CHAIR).stock == 5


@pytest.mark.parametrize("moment", ["before refund", "after refund"])
def test_a_refund_is_given_back_once(counter: Counter, moment: str) -> None:
    kill(counter.url, moment)

    counter.shop.recover()

    assert invoiced(counter.shop) == ("placed", 12900, 1000)
    (order,) = counter.shop.orders("ada")
    counter.clock.advance(GRACE_S)
    again = counter.shop.refund("ada", order.id, euros("10.00"), why="a scratch", key="refund")
    assert again.state == "done"
    assert invoiced(counter.shop) == ("placed", 12900, 1000)
