"""Kills and stops workers at random while they drive runs, and counts what was lost and what was done twice.

README.md says what the figures mean. Everything is bounded: the number of strikes and the time.
"""

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.chaos_workers import Workers, forked, has_ended
from benchmarks.chaos_world import LEASE_S, World, deeds_of, hand_in, wait_for_all, work
from mainspring.core.events import Attempted
from mainspring.runs import Query, RunRow, Settings, open_runs

STOP_S = (0.3 * LEASE_S, 3 * LEASE_S)
"""For how long a worker is stopped: some go on before their leases have lapsed, some after."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of it."""

    runs: int
    finished: int
    lost: int
    """Runs that have not finished, and effects of finished runs that never happened."""
    repeated_effects: int
    late_effects: int
    """Effects that a worker was about to do when it was stopped, and did when it went on; at most one a stop."""
    kills: int
    stops: int
    takeovers: int
    """How often a run was gone on with by another worker."""
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost or repeated."""
        return not (self.lost or self.repeated_effects)


def main() -> int:
    """Let it happen, and print what came of it."""
    arguments = parsed()
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="mainspring-chaos-") as folder:
        url = str(Path(folder) / "runs.db") if arguments.store == "sqlite" else arguments.store
        tally = chaos(arguments, url, Path(folder))
    print(json.dumps(asdict(tally)) if arguments.json else _in_words(tally))
    return 0 if tally.is_good else 1


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--strikes", type=int, default=60, help="kills and stops at most")
    parser.add_argument("--pause-s", type=float, default=0.25, help="time between two strikes, on average")
    parser.add_argument("--store", default="sqlite", help="sqlite, or the address of a PostgreSQL database")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit-s", type=float, default=300.0, help="when to give up")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def chaos(arguments: argparse.Namespace, url: str, home: Path) -> Tally:
    """Have runs driven by workers that are killed and stopped, until all have ended or the time is over."""
    runs = [f"chaos-{os.getpid()}-{number}" for number in range(arguments.runs)]
    asyncio.run(hand_in(url, home, runs))
    gc.freeze()
    chance = random.Random(arguments.seed)
    workers = Workers(lambda: asyncio.run(work(url, home)), chance, STOP_S)
    onlooker = forked(lambda: asyncio.run(wait_for_all(url, runs)))
    started_s = time.monotonic()
    workers.start(arguments.workers)
    n_strikes = 0
    while not (is_over := has_ended(onlooker)) and time.monotonic() - started_s < arguments.limit_s:
        if n_strikes < arguments.strikes:
            workers.strike()
            n_strikes += 1
        workers.go_on()
        time.sleep(arguments.pause_s * chance.uniform(0.2, 1.8))
    seconds = time.monotonic() - started_s
    workers.leave()
    if not is_over:
        os.kill(onlooker, signal.SIGKILL)
        os.waitpid(onlooker, 0)
    rows, n_takeovers = asyncio.run(_rows(url, runs))
    finished = [row.id for row in rows if row.status == "finished"]
    world = World(home)
    done = world.done_once.union(deed.key for deed in world.deeds())
    repeated, late = _twice(world, workers.stops)
    return Tally(
        runs=len(runs),
        finished=len(finished),
        lost=len(runs) - len(finished) + sum(key not in done for run in finished for key in deeds_of(run)),
        repeated_effects=repeated,
        late_effects=late,
        kills=workers.n_kills,
        stops=workers.stops.total(),
        takeovers=n_takeovers,
        seconds=round(seconds, 1),
    )


def _twice(world: World, stops: Counter[int]) -> tuple[int, int]:
    """Tell how many deeds were done again, and by whose fault: Mainspring's, or that of a stop."""
    seen: set[str] = set()
    again: Counter[int] = Counter()
    for deed in world.deeds():
        if deed.key in seen:
            again[deed.pid] += 1
        seen.add(deed.key)
    late = sum(min(number, stops[pid]) for pid, number in again.items())
    return again.total() - late, late


async def _rows(url: str, runs: list[str]) -> tuple[list[RunRow], int]:
    """Read the runs, and how often they were taken over."""
    async with open_runs(url, settings=Settings(work=False)) as store:
        rows = await store.find(Query(ids=runs, limit=len(runs)))
        attempts = [
            entry.event
            for row in rows
            for entry in await store.store.entries(row.id)
            if isinstance(entry.event, Attempted)
        ]
    return rows, len(attempts) - len(rows)


def _in_words(tally: Tally) -> str:
    return "\n".join(f"{name:17} {value}" for name, value in asdict(tally).items())


if __name__ == "__main__":
    sys.exit(main())
