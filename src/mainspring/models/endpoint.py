"""Open one model at one server: where settings, keys, servers and prices come together."""

import os
from typing import Final

from mainspring.core import Sampling
from mainspring.core.errors import ConfigError
from mainspring.models.chat import ChatModel
from mainspring.models.config import FILE_NAME, ModelSettings, Provider, Settings
from mainspring.models.local import LocalSettings
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.modes import EMBEDDED
from mainspring.models.prices import FREE, Pricer, published

LOCAL_SAMPLING: Final = Sampling(temperature=0.0, seed=0, max_output_tokens=1024)
LOCAL_DEADLINE_S: Final = 600.0
"""A laptop may take minutes over what a server does in a second."""


def open_endpoint(name: str, wanted: ModelSettings, settings: Settings, replica: int = 0) -> ChatModel:
    """Open one model at one server.

    Args:
        name: What it is recorded as.
        wanted: Which model, where.
        settings: The providers and embedded models there are.
        replica: Which of several processes that serve it here.

    Raises:
        ConfigError: There is no such provider or embedded model, or a key is missing.
    """
    if wanted.provider == "local":
        return _open_local(name, wanted, settings, replica)
    provider = settings.provider(wanted.provider) if wanted.provider else Provider()
    base_url = wanted.base_url or provider.base_url
    if not base_url:
        raise ConfigError(f"model {name!r} has neither a provider nor a base_url; give it one in {FILE_NAME}")
    return ChatModel(
        wanted.model,
        base_url=base_url,
        api_key=_key(name, wanted.api_key_env or provider.api_key_env),
        name=name,
        mode=wanted.mode or provider.mode,
        sampling=wanted.sampling,
        price=wanted.price or _listed(wanted, provider),
        deadline_s=wanted.deadline_s or 120.0,
        progress_s=wanted.progress_s,
        retries=2 if wanted.retries is None else wanted.retries,
        extra_body=wanted.extra_body,
        max_tokens_field=provider.max_tokens_field,
        context_tokens=wanted.context_tokens,
    )


def _open_local(name: str, wanted: ModelSettings, settings: Settings, replica: int) -> ChatModel:
    local = wanted.local or LocalSettings()
    mode = wanted.mode if wanted.mode and wanted.mode != "auto" else "structured"
    return ChatModel(
        wanted.model,
        server=EmbeddedServer(wanted.model, local, settings.embedded(), replica=replica, replicas=wanted.replicas),
        name=name,
        mode=EMBEDDED[mode],
        sampling=wanted.sampling.over(LOCAL_SAMPLING),
        price=wanted.price or FREE,
        deadline_s=wanted.deadline_s or LOCAL_DEADLINE_S,
        progress_s=wanted.progress_s,
        retries=2 if wanted.retries is None else wanted.retries,
        extra_body=({"cache_prompt": False} if local.strict else {}) | wanted.extra_body,
        context_tokens=wanted.context_tokens or local.context_tokens,
    )


def _listed(wanted: ModelSettings, provider: Provider) -> Pricer | None:
    """Give the provider's price list; without a named provider nobody knows whose list counts."""
    if provider.free:
        return FREE
    return published(wanted.provider, wanted.model) if wanted.provider else None


def _key(name: str, variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()  # keys read from files end in a newline, which no header may hold
    if not key:
        raise ConfigError(f"model {name!r} needs a key: set the environment variable {variable}")
    return key
