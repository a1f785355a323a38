"""From `mainspring.toml` to a gateway."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from mainspring.core import Clock, SystemClock
from mainspring.core.errors import ConfigError
from mainspring.models.chat import ChatModel
from mainspring.models.config import Settings, nearest
from mainspring.models.open import open_model
from mainspring.models.pool.opening import pool_of
from mainspring.models.pool.pool import Pool
from mainspring.runs.journal import Store
from mainspring.runs.opening import open_store
from mainspring.serve.charging import Charging
from mainspring.serve.gateway import Gateway
from mainspring.serve.settings import GatewaySettings


@asynccontextmanager
async def open_gateway(
    settings: Settings, gateway: GatewaySettings, store: str | Store, clock: Clock | None = None
) -> AsyncIterator[Gateway]:
    """Make a gateway of all configured models; the embedded ones where none is configured.

    Args:
        settings: The models there are.
        gateway: How to serve them, and to whom.
        store: Where the ledger is that the keys' budgets are in, by its URL or open; used only where a key has one.
        clock: Tells the ledger the time.

    Raises:
        ConfigError: A model's settings lead nowhere, its key is missing, or one of the gateway's keys may use a
            model that is not there.
        JournalUnavailable: The store cannot be opened.
    """
    pools = served(settings)
    _check_models(pools, gateway)
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


def _check_models(pools: Mapping[str, Pool[ChatModel]], gateway: GatewaySettings) -> None:
    for name, key in gateway.keys.items():
        for model in key.models or ():
            if model not in pools:
                raise ConfigError(
                    f"gateway.keys.{name}: there is no model {model!r}{nearest(model, list(pools))}; "
                    f"there are {', '.join(pools)}"
                )
