"""How much longer a plan of five independent steps takes than a plan of one: side by side, next to nothing.

Each step calls a tool that waits for 200 ms. The model is scripted, so that what is measured besides is the
framework's own.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from mainspring import Agent, ScriptedModel, open_runs, tool
from mainspring.core import Answer
from mainspring.teams import planned

N_SIDE_BY_SIDE: Final = 5
TOOL_S: Final = 0.2
N_ROUNDS: Final = 7

Figures = dict[str, float]
Runner = Callable[[Agent], Awaitable[object]]


@tool(effect="none")
async def look(place: int) -> str:
    """Look at a place, for a while."""
    await asyncio.sleep(TOOL_S)
    return f"nothing at {place}"


async def measure_plan(n_rounds: int = N_ROUNDS) -> dict[str, Figures]:
    """Measure both plans in memory and in an SQLite store; wall time in milliseconds.

    Args:
        n_rounds: How often each plan is carried out, one after the other; the first round is not counted.
    """

    async def in_memory(agent: Agent) -> object:
        return (await agent.run("look around")).output

    measured = {"memory": await _compared(in_memory, n_rounds)}
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-teams-") as folder:
        async with open_runs(str(Path(folder, "runs.db"))) as runs:

            async def in_sqlite(agent: Agent) -> object:
                return (await (await runs.start(agent, "look around")).result()).output

            measured["sqlite"] = await _compared(in_sqlite, n_rounds)
    return measured


async def _compared(run: Runner, n_rounds: int) -> Figures:
    taken = [(await _wall_s(run, N_SIDE_BY_SIDE), await _wall_s(run, 1)) for _ in range(n_rounds + 1)][1:]
    return {
        "five_ms": 1000 * statistics.median(five for five, _ in taken),
        "one_ms": 1000 * statistics.median(one for _, one in taken),
        "ratio_to_one": statistics.median(five / one for five, one in taken),
    }


async def _wall_s(run: Runner, n_steps: int) -> float:
    steps: JsonValue = [{"id": f"s{n}", "tool": "look", "arguments": {"place": n}} for n in range(n_steps)]
    team = planned("bench", [look], model=ScriptedModel([Answer(value={"steps": steps}), "nothing anywhere"]))
    began_s = time.perf_counter()
    answer = await run(team)
    wall_s = time.perf_counter() - began_s
    assert answer == "nothing anywhere", f"the answer is {answer!r}"
    return wall_s
