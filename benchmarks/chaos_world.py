"""What the chaos happens to: a world outside that remembers every deed, an agent that does deeds, and its workers.

The world is a folder. What comes with an idempotency key is done by whoever makes the key's file first; what comes
without one is a line in a file that is only added to, and happens as often as it is asked for.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mainspring import NOT_DONE, Agent, ScriptedModel, idempotency_key, tool, use
from mainspring.core import OnDelta, Reply, Request
from mainspring.models.scripted import Line
from mainspring.runs import Query, Settings, open_runs

AGENT = "courier"
TASK = "Deliver."
N_STEPS = 4
THINK_S = 0.1
DEED_S = 0.02
LEASE_S = 1.0
SWEEP_S = 0.1
LOOK_S = 0.2
CONCURRENCY = 16


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done to the world."""

    key: str
    pid: int
    """By whom."""
    at: float


class World:
    """Remembers deeds.

    Args:
        home: Where.
    """

    def __init__(self, home: Path) -> None:
        self._keys = home / "keys"
        self._keys.mkdir(exist_ok=True)
        self._path = home / "deeds"
        self._file = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def do_once(self, key: str) -> None:
        """Do something that a key keeps from being done again."""
        with suppress(FileExistsError):
            (self._keys / key).touch(exist_ok=False)

    def do(self, key: str) -> None:
        """Do something, whether it was done before or not."""
        os.write(self._file, json.dumps(asdict(Deed(key, os.getpid(), time.time()))).encode() + b"\n")

    def was_done(self, key: str) -> bool:
        """Tell whether it was."""
        return any(deed.key == key for deed in self.deeds())

    @property
    def done_once(self) -> set[str]:
        """Keys of what was done under one."""
        return {path.name for path in self._keys.iterdir()}

    def deeds(self) -> list[Deed]:
        """Give all deeds that nothing keeps from being done again, in order."""
        return [Deed(**json.loads(line)) for line in self._path.read_text().splitlines()]


class PacedModel:
    """Takes a moment, and says the same to the same conversation, whichever process asks."""

    name = "paced"

    def __init__(self) -> None:
        def say(request: Request) -> Line:
            step = str(request.turn)
            return [use("send", text=step), use("book", text=step)] if request.turn < N_STEPS else "delivered"

        self._scripted = ScriptedModel([say] * 10**6)

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Reply."""
        await asyncio.sleep(THINK_S)
        reply = await self._scripted.ask(request, on_delta)
        self._scripted.requests[:-1] = []
        return reply


def courier(world: World) -> Agent:
    """Make an agent that does two deeds a step, side by side: one under a key, one that can be looked up."""

    @tool(effect="egress", in_doubt="retry")
    async def send(text: str) -> str:
        """Do something that is done once under one idempotency key."""
        world.do_once(idempotency_key())
        await asyncio.sleep(DEED_S)
        return f"sent {text}"

    def look_up(text: str) -> object:
        return f"booked {text}" if world.was_done(idempotency_key()) else NOT_DONE

    @tool(effect="write", in_doubt=look_up)
    async def book(text: str) -> str:
        """Do something that happens as often as it is asked for, and of which one can find out whether it did."""
        world.do(idempotency_key())
        await asyncio.sleep(DEED_S)
        return f"booked {text}"

    return Agent(AGENT, model=PacedModel(), tools=[send, book])


def deeds_of(run: str) -> Iterable[str]:
    """Give the keys of all that a run does."""
    return (f"{run}:tool:{step}:call_{step}_{place}" for step in range(N_STEPS) for place in range(2))


async def hand_in(url: str, home: Path, runs: Iterable[str]) -> None:
    """Hand runs in, for workers to drive."""
    async with open_runs(url, settings=Settings(work=False)) as store:
        agent = courier(World(home))
        for run in runs:
            await store.start(agent, TASK, id=run)


async def wait_for_all(url: str, runs: Collection[str]) -> None:
    """Look on until runs have ended."""
    async with open_runs(url, settings=Settings(work=False)) as store:
        wanted = Query(ids=runs, statuses=["pending", "running", "waiting"], limit=1)
        while await store.find(wanted):  # noqa: ASYNC110 - others drive them, and give no notice
            await asyncio.sleep(LOOK_S)


async def work(url: str, home: Path) -> None:
    """Drive runs until SIGTERM."""
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    settings = Settings(lease_s=LEASE_S, sweep_s=SWEEP_S, concurrency=CONCURRENCY)
    async with open_runs(url, agents=[courier(World(home))], settings=settings):
        await end.wait()
