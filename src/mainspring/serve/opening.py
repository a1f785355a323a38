"""From `mainspring.toml` to a gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mainspring.core import Clock, SystemClock
from mainspring.models.chat import ChatModel
from mainspring.models.config import Settings
from mainspring.models.open import open_model
from mainspring.models.pool.opening import pool_of
from mainspring.models.pool.pool import Pool
from mainspring.runs.opening import open_store
from mainspring.serve.charging import Charging
from mainspring.serve.gateway import Gateway
from mainspring.serve.settings import GatewaySettings


@asynccontextmanager
async def open_gateway(
    settings: Settings, gateway: GatewaySettings, store: str, clock: Clock | None = None
) -> AsyncIterator[Gateway]:
    """Make a gateway of all configured models; the embedded ones where none is configured.

    Args:
        settings: The models there are.
        gateway: How to serve them, and to whom.
        store: Where the ledger is that the keys' budgets are in; opened only where a key has one.
        clock: Tells the ledger the time.

    Raises:
        ConfigError: A model's settings lead nowhere, or its key is missing.
        JournalUnavailable: The store cannot be opened.
    """
    pools = served(settings)
    if not any(key.budget for key in gateway.keys.values()):
        yield Gateway(pools, gateway)
        return
    async with open_store(store) as opened:
        charging = Charging(opened, clock or SystemClock())
        await charging.open(gateway.keys)
        yield Gateway(pools, gateway, charging)


def served(settings: Settings) -> dict[str, Pool[ChatModel]]:
    """Give the pools of all configured models, by name."""
    names = list(settings.models) or [f"local:{name}" for name in settings.embedded()]
    return {name: pool_of(open_model(name, settings)) for name in names}
