"""Microsoft's Agent Framework with its OpenAI chat completion client."""

from functools import cache
from typing import Any

from agent_framework import Agent  # type: ignore[import-not-found]  # lives in .venv-peers
from agent_framework.openai import OpenAIChatCompletionClient  # type: ignore[import-not-found]  # lives in .venv-peers
from openai import AsyncOpenAI

from benchmarks.contender import API_KEY, INSTRUCTIONS, MAX_STEPS, QUESTION, TIMEOUT_S, Contender, add


def connect(base_url: str) -> Contender:
    """Keep one agent per model name, shared by all runs, and one client."""
    openai = AsyncOpenAI(base_url=base_url, api_key=API_KEY, timeout=TIMEOUT_S)

    @cache
    def agent_for(model: str) -> Any:
        limits = {"max_iterations": MAX_STEPS}
        chat = OpenAIChatCompletionClient(model, async_client=openai, function_invocation_configuration=limits)
        return Agent(chat, INSTRUCTIONS, name="adder", tools=[add])

    async def run(model: str) -> str:
        reply = await agent_for(model).run(QUESTION)
        return str(reply.text)

    async def stream(model: str) -> str:
        return "".join([update.text async for update in agent_for(model).run(QUESTION, stream=True)])

    return Contender(run, stream)
