"""The OpenAI Agents SDK on chat completions, with its tracing off."""

from functools import cache
from typing import Any

from agents import (  # type: ignore[import-not-found]  # lives in .venv-peers
    Agent,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI

from benchmarks.contender import API_KEY, INSTRUCTIONS, MAX_STEPS, QUESTION, TIMEOUT_S, Contender, add


def connect(base_url: str) -> Contender:
    """Keep one agent per model name, shared by all runs, and one client."""
    set_tracing_disabled(True)
    client = AsyncOpenAI(base_url=base_url, api_key=API_KEY, timeout=TIMEOUT_S)
    tools = [function_tool(add)]

    @cache
    def agent_for(model: str) -> Any:
        chat = OpenAIChatCompletionsModel(model=model, openai_client=client)
        return Agent(name="adder", instructions=INSTRUCTIONS, model=chat, tools=tools)

    async def run(model: str) -> str:
        result = await Runner.run(agent_for(model), QUESTION, max_turns=MAX_STEPS)
        return str(result.final_output)

    async def stream(model: str) -> str:
        events = Runner.run_streamed(agent_for(model), QUESTION).stream_events()
        return "".join([event.data.delta async for event in events if is_text(event)])

    return Contender(run, stream)


def is_text(event: Any) -> bool:
    """Tell whether an event of a stream carries a piece of the answer."""
    return bool(event.type == "raw_response_event" and event.data.type == "response.output_text.delta")
