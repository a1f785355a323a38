"""How many tokens a text is, counted by the server that will read it."""

import asyncio
from dataclasses import replace
from typing import Final

import orjson

from mainspring.core import Model
from mainspring.core.errors import ModelError
from mainspring.models.chat import ChatModel
from mainspring.models.http import post_json

_PATH: Final = "/tokenize"
_DEADLINE_S: Final = 10.0


async def count_tokens(model: Model, text: str) -> int | None:
    """Ask the server of a model how many tokens a text is; None where it does not count.

    llama.cpp and vLLM do, beside OpenAI's wire; a server that has to be started first is started.
    """
    if not isinstance(model, ChatModel):
        return None
    try:
        address = await model.server.ready()
        root = replace(address, base_url=address.base_url.removesuffix("/v1"))
        asked = orjson.dumps({"model": model.model, "content": text, "prompt": text})
        async with asyncio.timeout(_DEADLINE_S):
            answer = await post_json(root, _PATH, asked)
    except (ModelError, TimeoutError):
        return None
    counted = answer.get("count", answer.get("tokens"))
    if isinstance(counted, list):
        return len(counted)
    return counted if isinstance(counted, int) else None
