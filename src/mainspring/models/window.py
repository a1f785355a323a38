"""How long a text a model takes where it is served: what the server says, what the file says, what stretches it.

What it keeps true: a number is one that somebody said. llama.cpp tells the tokens of a slot, vLLM and OpenRouter
those of a request, and the header of a file that is served here what the model was trained on. Where nobody says,
it is None.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from mainspring.core.errors import ModelError
from mainspring.models.chat import ChatModel
from mainspring.models.http import Address, get
from mainspring.models.local import LlamaServer
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.local.header import read_header
from mainspring.models.local.reach import needless

_SERVED: Final = ("max_model_len", "context_length", "n_ctx")
"""What servers call the context they serve: vLLM, OpenRouter, llama.cpp."""
_DEADLINE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Window:
    """The context of a model at a server."""

    context_tokens: int | None = None
    """Tokens that a prompt and its reply may have together."""
    slots: int | None = None
    """Requests served at once, each with such a context, where the server divides itself so."""
    trained_tokens: int | None = None
    """Tokens the model was trained on before any RoPE scaling. A llama.cpp server elsewhere counts its YaRN in."""
    rope_scaling: str | None = None
    """`none`, `linear`, `yarn` or `longrope`; None where nobody says."""
    rope_factor: float | None = None
    warnings: tuple[str, ...] = ()
    """What about it will make replies worse or calls fail."""


async def ask_window(model: ChatModel, trained_tokens: int | None = None) -> Window:
    """Find out the context of a model, starting its server first where it has to be.

    Args:
        model: The model, and what the settings take its context for.
        trained_tokens: What models of that name were trained on, for a server that does not say.

    Raises:
        ConfigError: More context is wanted of a model of this machine than it can be served with.
        ModelUnavailable: The server does not start.
    """
    window = await _said(await model.server.ready(), model.model)
    if isinstance(model.server, EmbeddedServer) and model.server.process is not None:
        window = _of_file(window, model.server.process)
    window = replace(window, trained_tokens=window.trained_tokens or trained_tokens)
    return replace(window, warnings=(*_warnings(window, model.context_tokens), *window.warnings))


def _warnings(window: Window, wanted_tokens: int | None) -> Iterator[str]:
    served, trained = window.context_tokens, window.trained_tokens
    if served and wanted_tokens and wanted_tokens > served:
        yield f"it is taken for a model of {wanted_tokens:,} tokens (context_tokens), but it serves {served:,}"
    if served and trained and served > trained and window.rope_scaling in {None, "none"}:
        yield (
            f"it serves {served:,} tokens of a model that was trained on {trained:,}: beyond those it loses the "
            f"thread, unless a RoPE scaling such as YaRN is in force"
        )


async def _said(address: Address, model: str) -> Window:
    listed = _objects((await _object(address, "/models")).get("data"))
    entry = next((item for item in listed if item.get("id") == model), listed[0] if len(listed) == 1 else {})
    meta = entry.get("meta")
    said = entry | (meta if isinstance(meta, dict) else {})
    served = next((number for field in _SERVED if (number := _number(said.get(field)))), None)
    trained = _number(said.get("n_ctx_train"))
    if trained is None:
        return Window(served)
    props = await _object(Address(address.base_url.removesuffix("/v1"), address.api_key), "/props")
    slot = props.get("default_generation_settings")
    of_slot = _number(slot.get("n_ctx")) if isinstance(slot, dict) else None
    return Window(of_slot or served, _number(props.get("total_slots")), trained)


def _of_file(window: Window, process: LlamaServer) -> Window:
    """Add what the file says that is served, and how the settings stretch it."""
    header, settings = read_header(process.file), process.settings
    is_set = settings.rope_scaling != "none"
    too_far = needless(header, settings)
    return replace(
        window,
        trained_tokens=(is_set and settings.rope_original_tokens) or header.trained_tokens,
        rope_scaling=settings.rope_scaling if is_set else header.rope_scaling or "none",
        rope_factor=settings.rope_factor if is_set else header.rope_factor,
        warnings=(too_far,) if too_far else (),
    )


async def _object(address: Address, path: str) -> dict[str, Any]:
    """Ask for a JSON object; an empty one where the server has none to give."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            found = orjson.loads(await get(address, path))
    except (ModelError, TimeoutError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _objects(values: object) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
