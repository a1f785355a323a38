"""Mainspring as its README shows it: an agent with one tool and a model that takes native tool calls."""

from functools import cache

from benchmarks.contender import INSTRUCTIONS, QUESTION, Contender, add
from mainspring import Agent, tool
from mainspring.core import Delta
from mainspring.models import ChatModel


def connect(base_url: str) -> Contender:
    """Keep one agent per model name, shared by all runs."""

    @cache
    def agent_for(model: str) -> Agent:
        chat = ChatModel(model, base_url=base_url, mode="native")
        return Agent(name="adder", model=chat, instructions=INSTRUCTIONS, tools=[tool(add)], max_steps=200)

    async def run(model: str) -> str:
        result = await agent_for(model).run(QUESTION)
        return str(result.output)

    async def stream(model: str) -> str:
        events = agent_for(model).start(QUESTION, stream=True)
        return "".join([event.text async for event in events if isinstance(event, Delta)])

    return Contender(run, stream)
