"""Pydantic AI with its OpenAI chat model."""

from functools import cache
from typing import Any

from openai import AsyncOpenAI
from pydantic_ai import Agent, UsageLimits  # type: ignore[import-not-found]  # lives in .venv-peers
from pydantic_ai.messages import (  # type: ignore[import-not-found]  # lives in .venv-peers
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models.openai import OpenAIChatModel  # type: ignore[import-not-found]  # lives in .venv-peers
from pydantic_ai.providers.openai import OpenAIProvider  # type: ignore[import-not-found]  # lives in .venv-peers

from benchmarks.contender import API_KEY, INSTRUCTIONS, MAX_STEPS, QUESTION, TIMEOUT_S, Contender, add


def connect(base_url: str) -> Contender:
    """Keep one agent per model name, shared by all runs, and one client."""
    client = AsyncOpenAI(base_url=base_url, api_key=API_KEY, timeout=TIMEOUT_S)
    limits = UsageLimits(request_limit=MAX_STEPS)

    @cache
    def agent_for(model: str) -> Any:
        chat = OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))
        return Agent(chat, instructions=INSTRUCTIONS, tools=[add])

    async def run(model: str) -> str:
        result = await agent_for(model).run(QUESTION, usage_limits=limits)
        return str(result.output)

    async def stream(model: str) -> str:
        parts: list[str] = []
        async with agent_for(model).run_stream_events(QUESTION) as events:
            async for event in events:
                if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    parts.append(event.delta.content_delta)
                elif isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    parts.append(event.part.content)
        return "".join(parts)

    return Contender(run, stream)
