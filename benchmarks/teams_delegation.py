"""What it costs to hand a task to another agent, beside a tool that gives the same words at once.

A caller has ten steps; in each it asks for the same word, once of `agent.as_tool()` and once of a plain tool. Its
model and the other agent's answer at once, so that all of what is measured is the framework's own: a child run, its
events, and in a store its row, its dispatch and the wait of the caller.
"""

import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from mainspring import Agent, open_runs, tool
from mainspring.core import Act, Answer, Message, OnDelta, Reply, Request, ToolCall, Usage

N_STEPS: Final = 10
SAMPLE_CPU_S: Final = 1.5
"""Pairs of runs are made until this much CPU is spent; the median pair counts."""
_WORD: Final = "teak"
_USAGE: Final = Usage(input_tokens=100, output_tokens=5, model_calls=1)

Figures = dict[str, float]
Runner = Callable[[Agent], Awaitable[object]]


class Asker:
    """Asks for a word at each of so many turns, then answers; with none it answers at once."""

    name = "bench:asker"

    def __init__(self, n_turns: int = 0) -> None:
        self._n_turns = n_turns

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:  # noqa: ARG002 - nothing to stream
        """Answer at once."""
        asked = ToolCall(id=f"call_{request.turn}", name="clerk", arguments={"task": f"word {request.turn}?"})
        decision = Act(calls=(asked,)) if request.turn < self._n_turns else Answer(value=_WORD)
        message = Message(role="assistant", parts=decision.parts, label=request.label)
        return Reply(message, decision, _USAGE, "stop", self.name)


@tool(name="clerk", effect="none")
async def word(task: str) -> str:  # noqa: ARG001 - what a member is given, too
    """Give a word."""
    return _WORD


async def measure_delegation(sample_cpu_s: float = SAMPLE_CPU_S) -> dict[str, Figures]:
    """Measure delegation in memory and in an SQLite store; CPU in milliseconds per step of the caller.

    Args:
        sample_cpu_s: CPU to spend on each of the two.
    """
    measured: dict[str, Figures] = {}
    for where, opened in {"memory": _in_memory, "sqlite": _in_sqlite}.items():
        async with opened() as run:
            measured[where] = await _compared(run, sample_cpu_s)
    return measured


@asynccontextmanager
async def _in_memory() -> AsyncIterator[Runner]:
    async def run(agent: Agent) -> object:
        return (await agent.run("go")).output

    yield run


@asynccontextmanager
async def _in_sqlite() -> AsyncIterator[Runner]:
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-teams-") as folder:
        async with open_runs(str(Path(folder, "runs.db"))) as runs:

            async def run(agent: Agent) -> object:
                return (await (await runs.start(agent, "go")).result()).output

            yield run


async def _compared(run: Runner, sample_cpu_s: float) -> Figures:
    """Make runs of both kinds in turn; the first pair is not counted."""
    clerk = Agent("clerk", description="Gives a word.", model=Asker())
    delegating = Agent("delegating", model=Asker(N_STEPS), tools=[clerk.as_tool()])
    plain = Agent("plain", model=Asker(N_STEPS), tools=[word])
    pairs: list[tuple[float, float]] = []
    while sum(map(sum, pairs[1:])) < sample_cpu_s:
        pairs.append((await _cpu_s(run, delegating), await _cpu_s(run, plain)))
    pairs = pairs[1:]
    ms_per_step = 1000 / N_STEPS
    return {
        "cpu_ms": ms_per_step * statistics.median(theirs for theirs, _ in pairs),
        "plain_cpu_ms": ms_per_step * statistics.median(ours for _, ours in pairs),
        "added_cpu_ms": ms_per_step * statistics.median(theirs - ours for theirs, ours in pairs),
        "ratio": statistics.median(theirs / ours for theirs, ours in pairs),
    }


async def _cpu_s(run: Runner, agent: Agent) -> float:
    began_s = time.process_time()
    answer = await run(agent)
    cpu_s = time.process_time() - began_s
    assert answer == _WORD, f"the answer is {answer!r}, not {_WORD!r}"
    return cpu_s
