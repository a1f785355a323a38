"""Programs that are killed and stopped, and started again.

`live` is a command that hands a run in and drives it until it has ended or a human is needed; `serve` is a worker
that drives what `hand_in` has handed in, until SIGTERM. All they are told and all they leave is on the disk.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mainspring.core import Budget
from mainspring.runs import DurableRun, Query, Runs, Settings, open_runs
from mainspring.runs.opening import open_store
from tests.e2e.crash.ledger import Ledger
from tests.e2e.crash.points import Points, Strike, is_locked, watched
from tests.e2e.crash.staff import staff

FINISHED, ASKS = 0, 3
"""Exit codes: the run has ended, the run waits for a human."""
TASK = "Do everything."
READY, STOPPING = "ready", "asked to stop"
Strikes = Iterable[tuple[str, int, int]]
LIFE_S = 120.0
_LOOK_S = 0.1


def warm_up() -> None:
    """Import what workers need, and have made what is made at the first use; leaves no thread behind."""
    import mainspring.runs.stores.postgres  # noqa: F401

    with TemporaryDirectory() as home:
        assert live(url=f"{home}/runs.db", home=home, run="first") == ASKS
    assert threading.active_count() == 1


def live(*, url: str, home: str, run: str, agent: str = "clerk", strikes: Strikes = ()) -> int:
    """Live until a run has ended or a human is needed; give the exit code.

    Args:
        url: The store.
        home: A folder for the ledger and the counts.
        run: Id of the run.
        agent: Whose run it is.
        strikes: At which moments what signal comes: name, number, signal.
    """

    async def life() -> int:
        async with _part(url, Path(home), strikes, {"adopt": False}) as (runs, changed), _bounded():
            await runs.start(runs.agents[agent], TASK, id=run, budget=Budget(model_calls=50, tool_calls=50))
            while (code := await _code(runs, run)) is None:
                await _changed(changed)
            return code

    return asyncio.run(life())


def hand_in(*, url: str, home: str, start: Mapping[str, str]) -> int:
    """Hand runs in, for others to drive.

    Args:
        url: The store.
        home: A folder for the ledger and the counts.
        start: Runs by their id: whose they are.
    """

    async def life() -> int:
        async with _part(url, Path(home), (), {"work": False}) as (runs, _):
            for run, agent in start.items():
                await runs.start(runs.agents[agent], TASK, id=run)
        return FINISHED

    return asyncio.run(life())


def serve(*, url: str, home: str, strikes: Strikes = (), settings: Mapping[str, object] | None = None) -> int:
    """Drive runs until SIGTERM; then leave as a worker does that is asked to stop.

    Args:
        url: The store.
        home: A folder for the ledger and the counts; what the driver warns of is said there.
        strikes: At which moments what signal comes.
        settings: How to take part.
    """

    async def life() -> int:
        end = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
        async with _part(url, Path(home), strikes, settings or {}):
            await end.wait()
            Ledger(Path(home) / "ledger").write("said", STOPPING)
        return FINISHED

    return asyncio.run(life())


@asynccontextmanager
async def _part(
    url: str, home: Path, strikes: Strikes, settings: Mapping[str, object]
) -> AsyncIterator[tuple[Runs, asyncio.Event]]:
    """Take part in a store, with everything that happens watched."""
    ledger = Ledger(home / "ledger")
    is_file = "://" not in url
    points = Points(
        home / "points",
        [Strike(*strike) for strike in strikes],
        lambda: is_file and is_locked(url),
    )
    logging.getLogger("mainspring.runs").addHandler(_Saying(ledger))
    changed = asyncio.Event()
    agents = staff(ledger, points, home / "gate")
    taking_part = Settings(**({"sweep_s": _LOOK_S} | dict(settings)))  # type: ignore[arg-type]  # as the test wrote it
    async with (
        open_store(url) as store,
        open_runs(watched(store, points, changed), agents=agents.values(), settings=taking_part) as runs,
    ):
        ledger.write("said", READY)
        yield runs, changed


@asynccontextmanager
async def _bounded() -> AsyncIterator[None]:
    """End a life that hangs, and say where."""
    try:
        async with asyncio.timeout(LIFE_S):
            yield
    except TimeoutError:
        for task in asyncio.all_tasks():
            task.print_stack()
        raise


class _Saying(logging.Handler):
    """Writes warnings into the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(logging.WARNING)
        self._ledger = ledger

    def emit(self, record: logging.LogRecord) -> None:
        self._ledger.write("said", record.getMessage())


async def _code(runs: Runs, run: str) -> int | None:
    """Tell whether nothing more happens without a human; None while something does."""
    rows = await runs.find(Query(ids=[run]))
    if rows[0].has_ended:
        return FINISHED
    rows += await runs.find(Query(parent=run, statuses=["pending", "running", "waiting"]))
    at_rest = all(row.status == "waiting" and row.due_at is None for row in rows)
    return ASKS if at_rest and await DurableRun(runs, run).pending() else None


async def _changed(changed: asyncio.Event) -> None:
    """Wait until something was written here, or perhaps elsewhere."""
    try:
        async with asyncio.timeout(_LOOK_S):
            await changed.wait()
    except TimeoutError:
        return
    changed.clear()
