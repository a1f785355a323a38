"""The OpenAI SDK, as its documentation shows it, without retries."""

from collections.abc import Callable
from typing import Any

from openai import AsyncOpenAI

from benchmarks.client_contender import API_KEY, TIMEOUT_S, Client, Said, messages
from benchmarks.instant_server import MODEL


def connect(base_url: str) -> Client:
    """Open one client."""
    client: Any = AsyncOpenAI(base_url=base_url, api_key=API_KEY, timeout=TIMEOUT_S, max_retries=0)
    sent = messages()

    async def call() -> Said:
        reply = await client.chat.completions.create(model=MODEL, messages=sent)
        return Said(reply.choices[0].message.content, reply.usage.completion_tokens)

    async def stream(on_text: Callable[[str], None]) -> Said:
        pieces: list[str] = []
        n_tokens = 0
        options = {"include_usage": True}
        async for event in await client.chat.completions.create(
            model=MODEL, messages=sent, stream=True, stream_options=options
        ):
            if event.usage is not None:
                n_tokens = event.usage.completion_tokens
            if event.choices and (text := event.choices[0].delta.content):
                pieces.append(text)
                on_text(text)
        return Said("".join(pieces), n_tokens)

    return Client(call, stream)
