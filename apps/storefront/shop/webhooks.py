"""Messages of payment providers.

What a message says is not believed, only that there is something to look at: the payment is looked up at its
provider. A message is noted once it has been dealt with, so that one that comes twice, or again after a failure, is
harmless.
"""

from sqlalchemy import select

from apps.storefront.shop import schema
from apps.storefront.shop.database import insert_once
from apps.storefront.shop.errors import WebhookRefused
from apps.storefront.shop.payments import Notifies
from apps.storefront.shop.recovery import look_up
from apps.storefront.shop.setup import Setup


def receive(setup: Setup, pay_by: str, payload: bytes, signature: str) -> None:
    """Deal with a message, unless it was dealt with.

    Raises:
        WebhookRefused: It is not from the provider, is too old, or cannot be read.
        PaymentInDoubt: The provider does not answer about it; let it be sent again.
    """
    provider = setup.provider(pay_by)
    if not isinstance(provider, Notifies):
        raise WebhookRefused(f"who is paid by {pay_by!r} sends no messages")
    notice = provider.notice(payload, signature)
    name = f"{pay_by}:{notice.id}"
    with setup.database.read() as db:
        if db.execute(select(schema.webhooks.c.id).where(schema.webhooks.c.id == name)).first() is not None:
            return
    if notice.reference is not None:
        look_up(setup, notice.reference)
    with setup.database.write() as db:
        insert_once(db, schema.webhooks, id=name, at=setup.clock.now())
