"""Haystack's `Agent` with its OpenAI chat generator."""

from functools import cache
from typing import Any

from haystack.components.agents import Agent  # type: ignore[import-not-found]  # lives in .venv-peers
from haystack.components.generators.chat import (  # type: ignore[import-not-found]  # lives in .venv-peers
    OpenAIChatGenerator,
)
from haystack.dataclasses import ChatMessage  # type: ignore[import-not-found]  # lives in .venv-peers
from haystack.tools import Tool  # type: ignore[import-not-found]  # lives in .venv-peers
from haystack.utils import Secret  # type: ignore[import-not-found]  # lives in .venv-peers

from benchmarks.contender import ADD, API_KEY, INSTRUCTIONS, MAX_STEPS, QUESTION, TIMEOUT_S, Contender, add


def connect(base_url: str) -> Contender:
    """Keep one agent per model name, shared by all runs."""
    function = ADD["function"]
    tool = Tool(function["name"], function["description"], function["parameters"], async_function=add)

    @cache
    def agent_for(model: str) -> Any:
        key = Secret.from_token(API_KEY)
        chat = OpenAIChatGenerator(model=model, api_base_url=base_url, api_key=key, timeout=TIMEOUT_S)
        return Agent(chat_generator=chat, tools=[tool], system_prompt=INSTRUCTIONS, max_agent_steps=MAX_STEPS)

    async def run(model: str) -> str:
        reply = await agent_for(model).run_async([ChatMessage.from_user(QUESTION)])
        return str(reply["last_message"].text)

    async def stream(model: str) -> str:
        parts = []

        async def collect(chunk: Any) -> None:
            parts.append(chunk.content or "")

        question = [ChatMessage.from_user(QUESTION)]
        await agent_for(model).run_async(question, streaming_callback=collect)
        return "".join(parts)

    return Contender(run, stream)
