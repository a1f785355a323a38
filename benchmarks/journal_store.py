"""Mainspring's runs in a store that is open, and how one of them is taken up again.

A store that is open already is driven by this process's own tasks, so that on PostgreSQL, too, the journal is
measured and not the engine that carries runs to other machines.
"""

import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.journal_agent import Reader, n_outcomes, read, reading_agent
from benchmarks.journal_contender import ANSWER, INSTRUCTIONS, Kept, asked, n_pages_read, question
from mainspring import Agent
from mainspring.core import OnDelta, Reply, Request
from mainspring.core.errors import ModelError
from mainspring.runs import Runs, open_runs
from mainspring.runs.journal import Store
from mainspring.runs.settings import Settings

N_STEPS_KNOWN = 100
"""Two effects each."""
N_RESUMED = 10
NEVER_S = 3600.0

Figures = dict[str, float]


@asynccontextmanager
async def with_store(store: Store) -> AsyncIterator[Kept]:
    """Drive runs in a store, as many at once as there are."""
    async with open_runs(store, settings=Settings(concurrency=1000)) as runs:

        async def run(name: str, n_steps: int) -> str:
            handed_in = await runs.start(reading_agent(n_steps), question(name, n_steps), id=name)
            return (await handed_in.result()).output

        async def n_effects(name: str) -> int:
            return n_outcomes(await (await runs.get(name)).events())

        yield Kept(run, n_effects)


@dataclass(slots=True)
class Interrupted(Reader):
    """Fails once in each run, where it has read everything, and notes when it is asked there again."""

    failed: set[str] = field(default_factory=set)
    asked_again: Callable[[], Figures] | None = None
    taken: Figures = field(default_factory=dict)

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Answer at once, or fail."""
        run, n_steps = asked(request.messages[1].text)
        if request.turn == n_steps and run not in self.failed:
            self.failed.add(run)
            raise ModelError("the server is gone")
        if request.turn == n_steps and self.asked_again is not None:
            self.taken = self.asked_again()
        return await Reader.ask(self, request, on_delta)


async def resume(opened: Callable[[], AbstractAsyncContextManager[Store]]) -> Figures:
    """Measure how a worker takes up a run of 200 effects that nobody drives.

    From the sweep that finds it to the first effect that is not known: the row, the claim, all events, their fold,
    the loop over them, and the intent of that effect. The same of a run without any effect is the part that does
    not depend on the run's length; the difference is what loading and folding 200 effects takes.
    """
    model = Interrupted()
    agent = Agent("reader", instructions=INSTRUCTIONS, model=model, tools=[read], max_steps=N_STEPS_KNOWN + 1)
    taken: dict[int, list[Figures]] = {N_STEPS_KNOWN: [], 0: []}
    async with (
        opened() as store,
        open_runs(store, agents=[agent], settings=Settings(sweep_s=NEVER_S)) as worker,
        open_runs(store, settings=Settings(work=False)) as outside,
    ):
        for index in range(N_RESUMED + 1):
            for n_steps, figures in taken.items():
                name = f"resumed_{n_steps}_{index}"
                await _break_off(worker, agent, name, n_steps)
                n_read = n_pages_read()
                await outside.resume(name)
                model.asked_again = _stopwatch()
                await worker.sweep()
                answer = (await (await worker.get(name)).result()).output
                n_known = n_outcomes(await (await worker.get(name)).events())
                assert answer == ANSWER, f"the answer is {answer!r}, not {ANSWER!r}"
                assert n_known == 2 * n_steps + 1, f"{n_known} effects are kept where there were {2 * n_steps + 1}"
                assert n_pages_read() == n_read, "pages were read again when the run was taken up"
                if index:
                    figures.append(model.taken)
    return _difference(taken)


async def _break_off(worker: Runs, agent: Agent, name: str, n_steps: int) -> None:
    """Make a run that has failed after so many steps."""
    handed_in = await worker.start(agent, question(name, n_steps), id=name)
    try:
        await handed_in.result()
    except ModelError:
        return
    raise AssertionError(f"run {name} was to be broken off, and was not")


def _stopwatch() -> Callable[[], Figures]:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    return lambda: {
        "cpu": 1000 * (time.process_time() - cpu_s),
        "wall": 1000 * (time.perf_counter() - wall_s),
    }


def _difference(taken: dict[int, list[Figures]]) -> Figures:
    """Take medians, and what the long run takes beyond the empty one."""
    long, empty = (
        {kind: statistics.median(one[kind] for one in taken[n_steps]) for kind in ("cpu", "wall")}
        for n_steps in (N_STEPS_KNOWN, 0)
    )
    return {
        "fold_200_ms": long["cpu"] - empty["cpu"],
        "fold_200_wall_ms": long["wall"] - empty["wall"],
        "resume_200_ms": long["cpu"],
        "resume_200_wall_ms": long["wall"],
    }
