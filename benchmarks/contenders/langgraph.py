"""LangGraph through LangChain's `create_agent`."""

from functools import cache
from typing import Any

from langchain.agents import create_agent  # type: ignore[import-not-found]  # lives in .venv-peers
from langchain_openai import ChatOpenAI  # type: ignore[import-not-found]  # lives in .venv-peers

from benchmarks.contender import API_KEY, INSTRUCTIONS, MAX_STEPS, QUESTION, TIMEOUT_S, Contender, add

CONFIG = {"recursion_limit": 2 * MAX_STEPS}


def connect(base_url: str) -> Contender:
    """Keep one compiled agent per model name, shared by all runs."""

    @cache
    def agent_for(model: str) -> Any:
        chat = ChatOpenAI(model=model, base_url=base_url, api_key=API_KEY, timeout=TIMEOUT_S)
        return create_agent(chat, [add], system_prompt=INSTRUCTIONS)

    async def run(model: str) -> str:
        state = await agent_for(model).ainvoke(question(), CONFIG)
        return str(state["messages"][-1].content)

    async def stream(model: str) -> str:
        parts = []
        async for chunk, _ in agent_for(model).astream(question(), CONFIG, stream_mode="messages"):
            parts.append(chunk.content)
        return "".join(parts)

    return Contender(run, stream)


def question() -> dict[str, list[dict[str, str]]]:
    """Build the input of one run."""
    return {"messages": [{"role": "user", "content": QUESTION}]}
