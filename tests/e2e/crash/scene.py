"""One run that is cut off and started again until it has ended, and what is to be held against it afterwards."""

import asyncio
import itertools
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mainspring.core import Entry
from mainspring.core.events import Finished, ModelReplied, ToolReturned
from mainspring.runs import Query, RunRow, Runs
from mainspring.runs.history import History
from mainspring.runs.ledger import Balance
from tests.e2e.crash.human import answer_all
from tests.e2e.crash.ledger import Ledger
from tests.e2e.crash.nursery import Nursery
from tests.e2e.crash.points import counted
from tests.e2e.crash.worker import ASKS, FINISHED

MAX_LIVES = 10
_numbers = itertools.count(1)
Moment = tuple[str, int]
"""A moment's name, and which of them, from 1."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was finished when a worker was killed, and how often each model call had been made by then."""

    finished: frozenset[str]
    asked: Counter[str]


@dataclass(frozen=True, slots=True)
class Story:
    """How a run went."""

    output: object
    effects: Counter[str]
    """How often each effect happened, by its key within the run."""
    asked: Counter[str]
    """How often each model call was made."""
    moments: Counter[str]
    pasts: tuple[Past, ...]
    """How things stood each time a worker was killed."""
    damage: tuple[str, ...]
    """What is wrong with the journals and the budget."""

    def wrongs(self, smooth: "Story") -> list[str]:
        """Say what is not as in a run that nobody cut off."""
        found = list(self.damage)
        if self.output != smooth.output:
            found.append(f"the answer is {self.output!r}")
        if self.effects != smooth.effects:
            found.append(f"lost: {smooth.effects - self.effects}; repeated: {self.effects - smooth.effects}")
        late = {key for past in self.pasts for key in past.finished if self.asked[key] != past.asked[key]}
        if late:
            found.append(f"finished model calls were made again: {late}")
        again = self.asked - smooth.asked
        if again.total() > len(self.pasts) or set(self.asked) != set(smooth.asked):
            found.append(f"model calls made again: {again}")
        return found


class Scene:
    """A run, its store and the world around it.

    Args:
        runs: The store.
        url: Where it is, for workers.
        home: A folder of the scene's own, which is made.
        run: Id of the run.
    """

    def __init__(self, runs: Runs, url: str, home: Path, run: str) -> None:
        home.mkdir()
        self.ledger = Ledger(home / "ledger")
        self._runs = runs
        self._url = url
        self._home = home
        self._run = run

    async def play(self, nursery: Nursery, *killed_at: Moment) -> Story:
        """Run the same command until the run has ended, answering what is asked between.

        Args:
            nursery: Starts the workers.
            killed_at: The moments at which a worker is killed: their names and numbers.
        """
        strikes = [(*moment, signal.SIGKILL) for moment in killed_at]
        life = {"url": self._url, "home": str(self._home), "run": self._run, "strikes": strikes}
        pasts: list[Past] = []
        for _ in range(MAX_LIVES):
            code = await asyncio.to_thread(nursery.live, life)
            if code == FINISHED:
                return await self._story(tuple(pasts))
            if code == ASKS:
                assert await answer_all(self._runs, self.ledger, self._run), "it waits, and for nobody"
                continue
            assert code == -signal.SIGKILL, f"the worker ended with {code}"
            pasts.append(Past(frozenset(await self._finished_calls()), self.ledger.count("model")))
        raise AssertionError(f"the run has not ended after {MAX_LIVES} lives")

    async def _rows(self) -> list[RunRow]:
        """Give the run and the one that it began."""
        mine = await self._runs.find(Query(ids=[self._run]))
        return [*mine, *await self._runs.find(Query(parent=self._run))]

    async def _finished_calls(self) -> list[str]:
        return [
            f"{row.agent}:{entry.event.turn}"
            for row in await self._rows()
            for entry in await self._runs.store.entries(row.id)
            if isinstance(entry.event, ModelReplied)
        ]

    async def _story(self, pasts: tuple[Past, ...]) -> Story:
        rows = await self._rows()
        journals = [await self._runs.store.entries(row.id) for row in rows]
        effects = {key.removeprefix(self._run): n for key, n in self.ledger.count("effect").items()}
        ended = History(journals[0]).ended
        return Story(
            output=ended.output if isinstance(ended, Finished) else ended,
            effects=Counter(effects),
            asked=self.ledger.count("model"),
            moments=counted(self._home / "points"),
            pasts=pasts,
            damage=(
                *(wrong for row, entries in zip(rows, journals, strict=True) for wrong in _damage(row, entries)),
                *_misspent(await self._runs.balance(f"run:{self._run}"), self.ledger, len(pasts)),
            ),
        )


async def play_all(
    runs: Runs, url: str, home: Path, nurseries: Iterable[Nursery], *kills: tuple[Moment, ...]
) -> list[Story]:
    """Play a scene for each way to be killed, as many at a time as there are nurseries."""
    free: asyncio.Queue[Nursery] = asyncio.Queue()
    for nursery in nurseries:
        free.put_nowait(nursery)

    async def played(name: str, killed_at: tuple[Moment, ...]) -> Story:
        nursery = await free.get()
        story = await Scene(runs, url, home / name, name).play(nursery, *killed_at)
        free.put_nowait(nursery)
        return story

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(played(f"run-{next(_numbers)}", killed_at)) for killed_at in kills]
    return [task.result() for task in tasks]


def _damage(row: RunRow, entries: list[Entry]) -> Iterator[str]:
    """Say what a journal lacks: it is a fold without gaps in which everything that began has ended once."""
    history = History(entries)
    if row.status != "finished" or row.driver is not None:
        yield f"run {row.id} is {row.status}, driven by {row.driver}"
    if [entry.seq for entry in entries] != list(range(row.n_events)):
        yield f"run {row.id} has gaps"
    if open_keys := set(history.begun) - set(history.happened):
        yield f"run {row.id} never ended {open_keys}"
    outcomes = Counter(e.event.key for e in entries if isinstance(e.event, ModelReplied | ToolReturned))
    if several := [key for key, n in outcomes.items() if n > 1]:
        yield f"run {row.id} has several outcomes of {several}"


def _misspent(balance: Balance, ledger: Ledger, n_kills: int) -> Iterator[str]:
    """Say what is wrong with the budget: what was held back is settled, and each call made is paid for.

    A call that a crash cut off right before it was made is paid for as well.
    """
    if any(balance.reserved.values()):
        yield f"still held back: {balance.reserved}"
    n_spent, n_asked = balance.spent["model_calls"], ledger.count("model").total()
    if not n_asked <= n_spent <= n_asked + n_kills:
        yield f"{n_spent} model calls are paid for, and {n_asked} were made"
