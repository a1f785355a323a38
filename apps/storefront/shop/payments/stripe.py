"""Paying by card through Stripe: payment intents with manual capture, by the official library.

The shop's reference is the intent's metadata and the stem of every idempotency key, so that a call made again
happens once. `find` searches by it where the intent's id is not known; Stripe's search may be a minute behind,
which is why the shop does not take "not found" for an answer at once. The library retries nothing: recovery does.
"""

import json
from collections.abc import Callable
from typing import Final, TypeVar

import stripe
from stripe import PaymentIntent, RequestOptions, StripeClient, StripeError

from apps.storefront.shop.errors import (
    PaymentDeclined,
    PaymentError,
    PaymentInDoubt,
    PaymentRefused,
    WebhookRefused,
)
from apps.storefront.shop.money import Money
from apps.storefront.shop.payments.provider import Charge, ChargeState, Notice
from mainspring.core import Clock

TIMEOUT_S: Final = 20.0
MESSAGE_AGE_S: Final = 300.0
_STATES: Final[dict[str, ChargeState]] = {
    "requires_action": "pending",
    "requires_confirmation": "pending",
    "processing": "pending",
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "voided",
    "requires_payment_method": "declined",
}
_EXPANDED: Final[list[str]] = ["latest_charge"]

T = TypeVar("T")


class StripePayments:
    """Takes cards through Stripe.

    Args:
        api_key: A secret or restricted key that may write payment intents and refunds.
        webhook_secret: What Stripe signs its messages with (`whsec_...`).
        clock: Tells the time, by which old messages are refused.
        return_url: Where the customer comes back to after confirming a payment at the bank.
        api_base: Where the API is; Stripe's own address if not given.
        timeout_s: Seconds an answer may take.
    """

    def __init__(
        self,
        api_key: str,
        webhook_secret: str,
        clock: Clock,
        *,
        return_url: str,
        api_base: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._webhook_secret = webhook_secret
        self._clock = clock
        self._return_url = return_url
        client = StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else None,
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=timeout_s),
        )
        self._intents = client.v1.payment_intents
        self._refunds = client.v1.refunds

    def authorise(self, reference: str, amount: Money, method: str) -> Charge:
        """Have an amount promised by the card that `method` (`pm_...`) names."""
        intent = _asked(
            lambda: self._intents.create(
                {
                    "amount": amount.minor,
                    "currency": amount.currency.lower(),
                    "payment_method": method,
                    "capture_method": "manual",
                    "confirm": True,
                    "return_url": self._return_url,
                    "metadata": {"reference": reference},
                    "expand": _EXPANDED,
                },
                {"idempotency_key": f"{reference}-authorise"},
            )
        )
        charge = _charge(intent)
        if charge.state == "declined":
            raise PaymentDeclined("the card was declined; try another one")
        return charge

    def capture(self, charge: Charge, amount: Money) -> Charge:
        """Take what was promised."""
        options: RequestOptions = {"idempotency_key": f"{charge.reference}-capture"}
        return _charge(
            _asked(
                lambda: self._intents.capture(
                    charge.id, {"amount_to_capture": amount.minor, "expand": _EXPANDED}, options
                )
            )
        )

    def void(self, charge: Charge) -> Charge:
        """Give up a promise."""
        options: RequestOptions = {"idempotency_key": f"{charge.reference}-void"}
        return _charge(_asked(lambda: self._intents.cancel(charge.id, {"expand": _EXPANDED}, options)))

    def refund(self, charge: Charge, amount: Money, key: str) -> Charge:
        """Give some of what was taken back."""
        _asked(
            lambda: self._refunds.create(
                {"payment_intent": charge.id, "amount": amount.minor, "metadata": {"key": key}},
                {"idempotency_key": key},
            )
        )
        return self._retrieve(charge.id)

    def find(self, reference: str, charge_id: str = "") -> Charge | None:
        """Look a payment up: by its id as it is this moment, by the reference as far as the search knows."""
        if charge_id:
            return self._retrieve(charge_id)
        query = f"metadata['reference']:'{reference}'"
        found = _asked(lambda: self._intents.search({"query": query, "limit": 1})).data
        return self._retrieve(found[0].id) if found else None

    def notice(self, payload: bytes, signature: str) -> Notice:
        """Read a message of Stripe's, signed with the endpoint's secret."""
        try:
            stripe.WebhookSignature.verify_header(payload, signature, self._webhook_secret)
            sent_at = int(dict(part.split("=", 1) for part in signature.split(","))["t"])
            event = json.loads(payload)
            about = event["data"]["object"]
            notice = Notice(str(event["id"]), (about.get("metadata") or {}).get("reference"))
        except (StripeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WebhookRefused(f"this is no message of Stripe's that can be believed: {error}") from error
        if abs(self._clock.now() - sent_at) > MESSAGE_AGE_S:
            raise WebhookRefused(f"message {notice.id!r} is older than {MESSAGE_AGE_S:g} s; let it be sent again")
        return notice

    def _retrieve(self, charge_id: str) -> Charge:
        return _charge(_asked(lambda: self._intents.retrieve(charge_id, {"expand": _EXPANDED})))


def _asked(ask: Callable[[], T]) -> T:
    """Ask Stripe, and say what went wrong in the shop's errors."""
    try:
        return ask()
    except StripeError as error:
        raise _in_words(error) from error


def _in_words(error: StripeError) -> PaymentError:
    said = error.user_message or str(error)
    if isinstance(error, stripe.CardError):
        return PaymentDeclined(f"the card was declined: {said}")
    if isinstance(error, stripe.InvalidRequestError):
        return PaymentRefused(f"Stripe refused: {said}")
    return PaymentInDoubt(
        f"Stripe did not do it, or did not say so: {said}"
    )  # to be asked again: busy, or locked out


def _charge(intent: PaymentIntent) -> Charge:
    currency = intent.currency.upper()
    latest = intent.latest_charge
    refunded = 0 if latest is None or isinstance(latest, str) else latest.amount_refunded
    action = intent.next_action
    to_url = None if action is None else action.redirect_to_url
    return Charge(
        reference=intent.metadata["reference"],
        id=intent.id,
        state=_STATES[intent.status],
        amount=Money(minor=intent.amount, currency=currency),
        captured=Money(minor=intent.amount_received, currency=currency),
        refunded=Money(minor=refunded, currency=currency),
        url=(to_url.url or "") if to_url is not None else "",
    )
