"""Open a model by its name, wherever the name leads: to one server, to a pool of them, to this machine."""

import threading
from typing import TypeVar

from mainspring.core.errors import ConfigError
from mainspring.models.chat import ChatModel
from mainspring.models.config import FILE_NAME, ModelSettings, PooledSettings, Settings, load_settings, nearest
from mainspring.models.endpoint import open_endpoint
from mainspring.models.pool.model import PooledModel
from mainspring.models.pool.opening import open_pool, replicas

T = TypeVar("T")

_pools: dict[tuple[str, str], PooledModel] = {}
_pools_lock = threading.Lock()


def open_model(name: str, settings: Settings | None = None) -> ChatModel | PooledModel:
    """Open a model.

    A pool is opened once in a process, so that all who ask for it see the same load and the same failures.

    Args:
        name: `local:NAME` for an embedded model (or a GGUF file), `provider:model`, or a name from
            `mainspring.toml`.
        settings: Used instead of the `mainspring.toml` found from the working directory.

    Raises:
        ConfigError: The name leads nowhere, or a key is missing.
    """
    settings = settings or load_settings()
    wanted = settings.models.get(name) or _named(name, settings)
    pooled = wanted if isinstance(wanted, PooledSettings) else replicas(wanted)
    if pooled is not None:
        return _once(name, pooled, settings)
    assert isinstance(wanted, ModelSettings)  # noqa: S101 - what is no pool
    return open_endpoint(name, wanted, settings)


def _named(name: str, settings: Settings) -> ModelSettings:
    provider, colon, model = name.partition(":")
    if not colon or not model:
        known = [*settings.models, *(f"local:{entry}" for entry in settings.embedded())]
        raise ConfigError(
            f"there is no model {name!r}{nearest(name, known)}; write provider:model (for example "
            f"'local:qwen2.5-coder-1.5b' or 'openai:gpt-5-mini'), or add [models.{name}] to {FILE_NAME}"
        )
    return ModelSettings(provider=provider, model=model)


def _once(name: str, wanted: PooledSettings, settings: Settings) -> PooledModel:
    """Give the pool of that name and those settings, opened by whoever asks first."""
    providers = {key: value.model_dump_json() for key, value in settings.providers.items()}
    key = (name, f"{wanted.model_dump_json()} {providers} {settings.catalog}")
    with _pools_lock:
        if key not in _pools:
            _pools[key] = open_pool(name, wanted, settings)
        return _pools[key]
