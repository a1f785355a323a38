"""Stripe, against recorded exchanges: what is asked, what is made of the answers, which messages are believed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stripe import WebhookSignature

from apps.storefront.shop import Money
from apps.storefront.shop.errors import (
    PaymentDeclined,
    PaymentError,
    PaymentInDoubt,
    PaymentPending,
    PaymentRefused,
    WebhookRefused,
)
from apps.storefront.shop.payments import Charge, Notice, PracticePayments
from apps.storefront.shop.payments.stripe import StripePayments
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.exchanges import HANG, Exchanges
from tests.unit.apps.storefront.shop.shopping import NOON, Counter, euros, open_counter

REFERENCE = "O-1-P01"
SECRET = "whsec_test"
TOTAL = euros("129.00")
NOTHING = euros("0.00")
AUTHORISED = Charge(REFERENCE, "pi_3Nabc", "authorised", TOTAL, NOTHING, NOTHING)


@contextmanager
def stripe(*names: str) -> Iterator[tuple[StripePayments, Exchanges]]:
    """Give Stripe, which answers with the named exchanges and is to be asked exactly those."""
    with Exchanges(*names) as exchanges:
        yield (
            StripePayments(
                "sk_test_1",
                SECRET,
                FakeClock(NOON),
                return_url="https://shop.example/paid",
                api_base=exchanges.url,
                timeout_s=0.5 if HANG in names else 20.0,
            ),
            exchanges,
        )
        assert HANG in names or exchanges.asked == exchanges.expected


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the server on this machine directly."""
    monkeypatch.setenv("no_proxy", "*")


def test_a_card_is_authorised_captured_and_refunded() -> None:
    with stripe("authorise", "capture", "refund", "retrieve, refunded in part") as (payments, _):
        authorised = payments.authorise(REFERENCE, TOTAL, "pm_card_visa")
        captured = payments.capture(authorised, TOTAL)
        refunded = payments.refund(captured, euros("50.00"), "O-1-A01")

    assert authorised == AUTHORISED
    assert (captured.state, captured.captured, captured.refunded) == ("captured", TOTAL, NOTHING)
    assert (refunded.state, refunded.captured, refunded.refunded) == ("captured", TOTAL, euros("50.00"))


def test_a_promise_is_given_up() -> None:
    with stripe("void") as (payments, _):
        assert payments.void(AUTHORISED).state == "voided"


def test_a_payment_is_found_by_the_reference_and_looked_at_afresh() -> None:
    with stripe("search, found", "retrieve, authorised") as (payments, _):
        assert payments.find(REFERENCE) == AUTHORISED
    with stripe("retrieve, authorised") as (payments, _):
        assert payments.find(REFERENCE, "pi_3Nabc") == AUTHORISED
    with stripe("search, nothing") as (payments, _):
        assert payments.find(REFERENCE) is None


def test_a_payment_to_be_confirmed_says_where() -> None:
    with stripe("authorise, to be confirmed") as (payments, _):
        pending = payments.authorise(REFERENCE, TOTAL, "pm_card_visa")

    assert (pending.state, pending.url) == ("pending", "https://hooks.stripe.com/redirect/authenticate/src_1")


@pytest.mark.parametrize(
    ("exchange", "error"),
    [
        ("authorise, declined", PaymentDeclined),
        ("authorise, wrong method", PaymentRefused),
        ("authorise, server error", PaymentInDoubt),
        ("authorise, rate limited", PaymentInDoubt),
        ("authorise, same key in use", PaymentInDoubt),
        ("authorise, wrong API key", PaymentInDoubt),
        (HANG, PaymentInDoubt),
    ],
)
def test_what_goes_wrong_is_told_apart(exchange: str, error: type[PaymentError]) -> None:
    with stripe(exchange) as (payments, exchanges), pytest.raises(error) as raised:
        payments.authorise(REFERENCE, TOTAL, "pm_card_visa")

    assert type(raised.value) is error
    assert len(exchanges.asked) == 1  # nothing is tried again behind the shop's back


def test_a_capture_or_refund_that_stripe_does_not_do_is_refused() -> None:
    with stripe("capture, voided") as (payments, _), pytest.raises(PaymentRefused, match="status of canceled"):
        payments.capture(AUTHORISED, TOTAL)
    with (
        stripe("refund, too high") as (payments, _),
        pytest.raises(PaymentRefused, match="greater than unrefunded"),
    ):
        payments.refund(AUTHORISED, euros("50.00"), "O-1-A01")


def test_nobody_listening_leaves_a_payment_in_doubt() -> None:
    with Exchanges() as exchanges:
        url = exchanges.url
    payments = StripePayments("sk_test_1", SECRET, FakeClock(NOON), return_url="https://shop.example", api_base=url)

    with pytest.raises(PaymentInDoubt):
        payments.find(REFERENCE, "pi_3Nabc")


def message(
    reference: str, *, sent_at: float = NOON, secret: str = SECRET, id_: str = "evt_1"
) -> tuple[bytes, str]:
    """Write a signed message of Stripe's."""
    about = {"id": "pi_3Nabc", "object": "payment_intent", "metadata": {"reference": reference}}
    event = {
        "id": id_,
        "object": "event",
        "type": "payment_intent.amount_capturable_updated",
        "data": {"object": about},
    }
    payload = json.dumps(event)
    return payload.encode(), WebhookSignature.generate_signature_header(payload, secret, int(sent_at))


def test_a_signed_message_says_which_payment_it_is_about() -> None:
    with stripe() as (payments, _):
        assert payments.notice(*message(REFERENCE)) == Notice("evt_1", REFERENCE)


def test_a_message_that_is_forged_altered_old_or_broken_is_refused() -> None:
    payload, signature = message(REFERENCE)
    empty = b"{}"
    with stripe() as (payments, _):
        for wrong in (
            message(REFERENCE, secret="whsec_other"),
            (payload.replace(b"P01", b"P02"), signature),
            (payload, ""),
            (payload, "t=soon,v1=0"),
            message(REFERENCE, sent_at=NOON - 301),
            message(REFERENCE, sent_at=NOON + 301),
            (empty, WebhookSignature.generate_signature_header(empty.decode(), SECRET, int(NOON))),
        ):
            with pytest.raises(WebhookRefused):
                payments.notice(*wrong)


class Confirming(PracticePayments):
    """A provider whose payments the customer confirms at the bank; it sends messages as Stripe does."""

    def __init__(self, stripe_payments: StripePayments) -> None:
        super().__init__()
        self._stripe = stripe_payments
        self.n_asked = 0
        self.n_lookups = 0
        self.is_confirmed = False

    def authorise(self, reference: str, amount: Money, method: str) -> Charge:
        """Authorise what the customer has to confirm."""
        self.n_asked += 1
        super().authorise(reference, amount, method)
        return self._seen(reference)

    def find(self, reference: str, charge_id: str = "") -> Charge | None:  # noqa: ARG002 - one name is enough
        """Look a charge up, and count it."""
        self.n_lookups += 1
        return self._seen(reference)

    def notice(self, payload: bytes, signature: str) -> Notice:
        """Read a message."""
        return self._stripe.notice(payload, signature)

    def _seen(self, reference: str) -> Charge:
        found = self.charges[reference]
        if self.is_confirmed or found.state != "authorised":
            return found
        return Charge(reference, found.id, "pending", found.amount, NOTHING, NOTHING, url="https://bank.example")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[tuple[Counter, Confirming]]:
    """Give a shop whose customers confirm payments at their bank."""
    with stripe() as (payments, _):
        card = Confirming(payments)
        with open_counter(f"sqlite:///{tmp_path / 'shop.db'}", FakeClock(NOON), card) as counter:
            yield counter, card


def test_a_payment_confirmed_at_the_bank_places_the_order_by_its_message(bank: tuple[Counter, Confirming]) -> None:
    counter, card = bank
    order = counter.reserved()
    with pytest.raises(PaymentPending, match=r"https://bank\.example"):
        counter.place(order, key="a")
    card.is_confirmed = True

    counter.shop.webhook("card", *message(f"{order.id}-P01"))

    assert counter.status(order).state == "placed"
    assert counter.place(order, key="a").state == "placed"


def test_a_payment_confirmed_at_the_bank_places_the_order_by_the_same_call(
    bank: tuple[Counter, Confirming],
) -> None:
    counter, card = bank
    order = counter.reserved()
    with pytest.raises(PaymentPending):
        counter.place(order, key="a")
    card.is_confirmed = True

    assert counter.place(order, key="a").state == "placed"
    assert card.n_asked == 1


def test_a_message_that_comes_twice_is_dealt_with_once(bank: tuple[Counter, Confirming]) -> None:
    counter, card = bank
    order = counter.reserved()
    with pytest.raises(PaymentPending):
        counter.place(order)
    counter.shop.webhook("card", *message(f"{order.id}-P01"))
    n_lookups = card.n_lookups

    counter.shop.webhook("card", *message(f"{order.id}-P01"))

    assert card.n_lookups == n_lookups == 1
    assert counter.status(order).state == "reserved"


def test_messages_about_nothing_of_this_shop_are_taken_and_change_nothing(bank: tuple[Counter, Confirming]) -> None:
    counter, card = bank

    counter.shop.webhook("card", *message("O-other-P01"))

    assert card.n_lookups == 0
    with pytest.raises(WebhookRefused, match="sends no messages"):
        counter.shop.webhook("invoice", *message("O-other-P01"))


def test_a_payment_that_is_not_confirmed_in_time_is_given_up_with_its_order(
    bank: tuple[Counter, Confirming],
) -> None:
    counter, card = bank
    order = counter.reserved()
    with pytest.raises(PaymentPending):
        counter.place(order)
    assert counter.shop.recover().waiting == (f"{order.id}-P01",)
    counter.clock.advance(1800)

    counter.shop.recover()

    assert counter.status(order).state == "expired"
    assert [charge.state for charge in card.charges.values()] == ["voided"]
