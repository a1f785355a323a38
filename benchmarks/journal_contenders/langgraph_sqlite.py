"""LangGraph with its `AsyncSqliteSaver`: a graph of a model node and a tool node, a message appended by each.

Both nodes are a superstep of their own, after which the saver keeps a checkpoint.
"""

import operator
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # type: ignore[import-not-found]  # lives in .venv-peers
from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found]  # lives in .venv-peers

from benchmarks.journal_contender import ANSWER, INSTRUCTIONS, Contender, Kept, asked, page, question

FILE = "checkpoints.db"
N_CHECKPOINTS_BESIDE = 2
"""Of the input, and of the state before the first node."""


class State(TypedDict):
    """The graph's state: the conversation, which nodes append to."""

    messages: Annotated[list[dict[str, Any]], operator.add]


async def ask(state: State) -> State:
    """Ask for a page until as many are read as it was asked for."""
    run, n_steps = asked(state["messages"][1]["content"])
    turn = (len(state["messages"]) - 2) // 2
    reply: dict[str, Any] = {"role": "assistant", "content": ANSWER}
    if turn < n_steps:
        call = {"id": f"call_{turn}", "name": "read", "arguments": {"name": f"{run}:{turn}"}}
        reply = {"role": "assistant", "content": "", "tool_calls": [call]}
    return {"messages": [reply]}


async def act(state: State) -> State:
    """Read the page that the last message asks for."""
    (call,) = state["messages"][-1]["tool_calls"]
    return {"messages": [{"role": "tool", "tool_call_id": call["id"], "content": page(**call["arguments"])}]}


def after_ask(state: State) -> str:
    """Go on to the tool where the model called it, else end."""
    return "act" if state["messages"][-1].get("tool_calls") else str(END)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Kept]:
    """Keep checkpoints in a file."""
    graph = StateGraph(State)
    graph.add_node("ask", ask)
    graph.add_node("act", act)
    graph.add_edge(START, "ask")
    graph.add_conditional_edges("ask", after_ask)
    graph.add_edge("act", "ask")
    async with AsyncSqliteSaver.from_conn_string(str(folder / FILE)) as saver:
        await saver.setup()
        compiled = graph.compile(checkpointer=saver)

        async def run(name: str, n_steps: int) -> str:
            said = [("system", INSTRUCTIONS), ("user", question(name, n_steps))]
            start = {"messages": [{"role": role, "content": content} for role, content in said]}
            config = {"configurable": {"thread_id": name}, "recursion_limit": 2 * n_steps + 2}
            state = await compiled.ainvoke(start, config)
            return str(state["messages"][-1]["content"])

        async def n_effects(name: str) -> int:
            sql = "SELECT count(*) FROM checkpoints WHERE thread_id = ?"
            async with saver.conn.execute(sql, (name,)) as found:
                (n_checkpoints,) = await found.fetchone()
            return int(n_checkpoints) - N_CHECKPOINTS_BESIDE

        yield Kept(run, n_effects)


CONTENDER = Contender(opened, n_runs=(1, 50), file=FILE)
