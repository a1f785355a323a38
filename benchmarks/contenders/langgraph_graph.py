"""LangGraph as a plain `StateGraph` of two nodes around the OpenAI SDK, without LangChain's agent."""

import json
import operator
from functools import cache
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found]  # lives in .venv-peers
from openai import AsyncOpenAI

from benchmarks.contender import ADD, API_KEY, INSTRUCTIONS, MAX_STEPS, QUESTION, TIMEOUT_S, Contender, add

CONFIG = {"recursion_limit": 2 * MAX_STEPS}


class State(TypedDict):
    """The graph's state: the conversation, which nodes append to."""

    messages: Annotated[list[dict[str, Any]], operator.add]


def connect(base_url: str) -> Contender:
    """Keep one compiled graph per model name and one client."""
    client = AsyncOpenAI(base_url=base_url, api_key=API_KEY, timeout=TIMEOUT_S)

    @cache
    def graph_for(model: str) -> Any:
        async def ask(state: State) -> State:
            messages: Any = state["messages"]
            tools: Any = [ADD]
            reply = await client.chat.completions.create(model=model, messages=messages, tools=tools)
            return {"messages": [reply.choices[0].message.model_dump(exclude_none=True)]}

        graph = StateGraph(State)
        graph.add_node("ask", ask)
        graph.add_node("act", act)
        graph.add_edge(START, "ask")
        graph.add_conditional_edges("ask", after_ask)
        graph.add_edge("act", "ask")
        return graph.compile()

    async def run(model: str) -> str:
        start = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": QUESTION}]
        state = await graph_for(model).ainvoke({"messages": start}, CONFIG)
        return str(state["messages"][-1]["content"])

    return Contender(run)


async def act(state: State) -> State:
    """Run the tool calls of the last message."""
    results = []
    for call in state["messages"][-1]["tool_calls"]:
        result = await add(**json.loads(call["function"]["arguments"]))
        results.append({"role": "tool", "tool_call_id": call["id"], "content": str(result)})
    return {"messages": results}


def after_ask(state: State) -> str:
    """Go on to the tools where the model called some, else end."""
    return "act" if state["messages"][-1].get("tool_calls") else str(END)
