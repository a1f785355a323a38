"""smolagents' `ToolCallingAgent`: synchronous, and an agent holds one run's memory, so each run has its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from smolagents import (  # type: ignore[import-not-found]  # lives in .venv-peers
    LogLevel,
    OpenAIModel,
    ToolCallingAgent,
    tool,
)

from benchmarks.contender import API_KEY, INSTRUCTIONS, MAX_STEPS, QUESTION, TIMEOUT_S, Contender

N_THREADS = 200


def connect(base_url: str) -> Contender:
    """Share one model client per model name, and give every run in flight a thread."""
    threads = ThreadPoolExecutor(N_THREADS)

    @tool  # type: ignore[untyped-decorator]  # lives in .venv-peers
    def add(a: int, b: int) -> int:
        """Add two numbers.

        Args:
            a: The first number.
            b: The second number.
        """
        return a + b

    @cache
    def model_for(name: str) -> Any:
        options = {"timeout": TIMEOUT_S}
        return OpenAIModel(model_id=name, api_base=base_url, api_key=API_KEY, client_kwargs=options)

    def run_blocking(model: str) -> str:
        agent = ToolCallingAgent(
            tools=[add],
            model=model_for(model),
            instructions=INSTRUCTIONS,
            max_steps=MAX_STEPS,
            verbosity_level=LogLevel.OFF,
        )
        return str(agent.run(QUESTION))

    async def run(model: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(threads, run_blocking, model)

    return Contender(run)
