"""DBOS on SQLite, everything at its defaults: a workflow whose model and tool calls are asynchronous steps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dbos import DBOS, SetWorkflowID  # type: ignore[import-not-found]  # lives in .venv-peers

from benchmarks.journal_contender import ANSWER, Contender, Kept, page

FILE = "dbos.db"


@DBOS.step()  # type: ignore[untyped-decorator]  # lives in .venv-peers
async def ask(turn: int, n_steps: int, run: str) -> dict[str, str]:
    """Ask for a page until as many are read as it was asked for."""
    return {"read": f"{run}:{turn}"} if turn < n_steps else {"answer": ANSWER}


@DBOS.step()  # type: ignore[untyped-decorator]  # lives in .venv-peers
async def read(name: str) -> str:
    """Read a page."""
    return page(name)


@DBOS.workflow()  # type: ignore[untyped-decorator]  # lives in .venv-peers
async def read_all(run: str, n_steps: int) -> str:
    """Run the agent."""
    for turn in range(n_steps + 1):
        decision = await ask(turn, n_steps, run)
        if "answer" in decision:
            return str(decision["answer"])
        await read(decision["read"])
    raise AssertionError("the model did not answer")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Kept]:
    """Keep steps in a file."""
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder / FILE}", "log_level": "ERROR"})
    DBOS.launch()

    async def run(name: str, n_steps: int) -> str:
        with SetWorkflowID(name):
            return str(await read_all(name, n_steps))

    async def n_effects(name: str) -> int:
        return len(await DBOS.list_workflow_steps_async(name))

    try:
        yield Kept(run, n_effects)
    finally:
        DBOS.destroy()


CONTENDER = Contender(opened, n_runs=(1, 50))
