"""The floor: one aiohttp session and orjson, written by hand, with no errors handled and nothing kept."""

from collections.abc import Callable

import aiohttp
import orjson

from benchmarks.client_contender import Client, Said, messages
from benchmarks.instant_server import MODEL

HEADERS = {"Content-Type": "application/json"}


def connect(base_url: str) -> Client:
    """Open one session."""
    url = f"{base_url}/chat/completions"
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    sent = messages()

    async def call() -> Said:
        body = orjson.dumps({"model": MODEL, "messages": sent})
        async with session.post(url, data=body, headers=HEADERS) as response:
            reply = orjson.loads(await response.read())
        return Said(reply["choices"][0]["message"]["content"], reply["usage"]["completion_tokens"])

    async def stream(on_text: Callable[[str], None]) -> Said:
        asked = {"model": MODEL, "messages": sent, "stream": True, "stream_options": {"include_usage": True}}
        pieces: list[str] = []
        n_tokens, rest = 0, b""
        async with session.post(url, data=orjson.dumps(asked), headers=HEADERS) as response:
            async for data in response.content.iter_any():
                *events, rest = (rest + data).split(b"\n\n")
                for line in events:
                    if line == b"data: [DONE]":
                        continue
                    event = orjson.loads(line[6:])
                    if not event["choices"]:
                        n_tokens = event["usage"]["completion_tokens"]
                    elif text := event["choices"][0]["delta"].get("content"):
                        pieces.append(text)
                        on_text(text)
        return Said("".join(pieces), n_tokens)

    return Client(call, stream)
