"""httpx with orjson, its lines read by its own iterator."""

from collections.abc import Callable

import httpx  # type: ignore[import-not-found]  # lives in .venv-litellm
import orjson

from benchmarks.client_contender import TIMEOUT_S, Client, Said, messages
from benchmarks.instant_server import MODEL

HEADERS = {"Content-Type": "application/json"}


def connect(base_url: str) -> Client:
    """Open one client."""
    url = f"{base_url}/chat/completions"
    client = httpx.AsyncClient(timeout=TIMEOUT_S, headers=HEADERS)
    sent = messages()

    async def call() -> Said:
        response = await client.post(url, content=orjson.dumps({"model": MODEL, "messages": sent}))
        reply = orjson.loads(response.content)
        return Said(reply["choices"][0]["message"]["content"], reply["usage"]["completion_tokens"])

    async def stream(on_text: Callable[[str], None]) -> Said:
        asked = {"model": MODEL, "messages": sent, "stream": True, "stream_options": {"include_usage": True}}
        pieces: list[str] = []
        n_tokens = 0
        async with client.stream("POST", url, content=orjson.dumps(asked)) as response:
            async for line in response.aiter_lines():
                if not line.startswith("data: {"):
                    continue
                event = orjson.loads(line[6:])
                if not event["choices"]:
                    n_tokens = event["usage"]["completion_tokens"]
                elif text := event["choices"][0]["delta"].get("content"):
                    pieces.append(text)
                    on_text(text)
        return Said("".join(pieces), n_tokens)

    return Client(call, stream)
