"""Find out how a server's model can be made to act, once, and keep what was found.

Two small calls: one asks for a single word while a schema demands an object (only a server that enforces the
schema gives the object), one asks for a native tool call. Where neither works, a plain call tells a weak server
from one that refuses everything.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from mainspring.core import Act, Answer, Options, ToolSpec
from mainspring.core.errors import ModelRefused
from mainspring.models.cache import cache_dir
from mainspring.models.http import Address, Server, post_json
from mainspring.models.modes import MODES, Mode, ModeName, Written
from mainspring.models.stream import read_completion

_MAX_TOKENS: Final = 120
_WEATHER: Final = ToolSpec(
    "weather",
    "Current weather of a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
_OPTIONS: Final = Options(tools=(_WEATHER,))


class Capabilities(BaseModel):
    """What a model at a server was seen to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    structured: bool
    """Whether the server held a reply to a JSON schema."""
    native: bool
    """Whether a native tool call came back."""

    @property
    def mode(self) -> ModeName:
        """The best way to make it act."""
        return "structured" if self.structured else "native" if self.native else "text"


async def probe(server: Server, model: str, max_tokens_field: str = "max_tokens") -> Capabilities:
    """Make the calls, and keep and give what was seen.

    Raises:
        ModelError: The server is not available, or refuses even a plain call.
    """
    address = await server.ready()
    plain = {"model": model, max_tokens_field: _MAX_TOKENS}
    found = Capabilities(
        structured=await _acts(address, plain, MODES["structured"], "Reply with the single word: hello"),
        native=await _acts(address, plain, MODES["native"], "What is the weather in Oslo? Use the tool."),
    )
    if not (found.structured or found.native):
        await _ask(address, plain, "Reply with the single word: hello")
    path = _kept_at(address, model)
    with contextlib.suppress(OSError):  # where nothing can be kept, the next process probes again
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(found.model_dump()))
    return found


async def probed_mode(server: Server, model: str, max_tokens_field: str = "max_tokens") -> ModeName:
    """Give the mode that was found for a model, probing it if nobody has yet; errors are those of `probe`."""
    address = await server.ready()
    try:
        return Capabilities.model_validate_json(_kept_at(address, model).read_bytes()).mode
    except (OSError, ValidationError):
        return (await probe(server, model, max_tokens_field)).mode


async def _ask(address: Address, fields: Mapping[str, object], words: str) -> Written:
    body = orjson.dumps({**fields, "messages": [{"role": "user", "content": words}]})
    written, _ = read_completion(await post_json(address, "/chat/completions", body), address.hide)
    return written


async def _acts(address: Address, plain: Mapping[str, object], mode: Mode, words: str) -> bool:
    """Tell whether the model makes a valid step in a mode."""
    try:
        written = await _ask(address, {**plain, **mode.fields(_OPTIONS)}, words)
    except ModelRefused:
        return False
    decision = mode.decide(written, _OPTIONS, 0)
    if mode.name == "native":
        return bool(written.calls) and isinstance(decision, Act)
    return isinstance(decision, Act | Answer)


def _kept_at(address: Address, model: str) -> Path:
    name = hashlib.sha256(f"{address.base_url} {model}".encode()).hexdigest()[:24]
    return cache_dir() / "probes" / f"{name}.json"
