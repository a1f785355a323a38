"""`litellm.acompletion`, as its documentation shows it, without retries and without telemetry."""

from collections.abc import Callable

import litellm  # type: ignore[import-not-found]  # lives in .venv-litellm

from benchmarks.client_contender import API_KEY, TIMEOUT_S, Client, Said, messages
from benchmarks.instant_server import MODEL


def connect(base_url: str) -> Client:
    """Say once where to ask; litellm keeps the client itself."""
    litellm.telemetry = False
    where = {
        "model": f"openai/{MODEL}",
        "base_url": base_url,
        "api_key": API_KEY,
        "timeout": TIMEOUT_S,
        "max_retries": 0,
    }
    sent = messages()

    async def call() -> Said:
        reply = await litellm.acompletion(messages=sent, **where)
        return Said(reply.choices[0].message.content, reply.usage.completion_tokens)

    async def stream(on_text: Callable[[str], None]) -> Said:
        pieces: list[str] = []
        n_tokens = 0
        options = {"include_usage": True}
        async for event in await litellm.acompletion(messages=sent, stream=True, stream_options=options, **where):
            if usage := getattr(event, "usage", None):
                n_tokens = usage.completion_tokens
            if event.choices and (text := event.choices[0].delta.content):
                pieces.append(text)
                on_text(text)
        return Said("".join(pieces), n_tokens)

    return Client(call, stream)
