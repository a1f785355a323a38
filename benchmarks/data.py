"""Measures the data pipeline: how much of a model server's capacity a build uses, and what its own work costs.

A build of handbooks is run against a teacher that takes 50 ms a call, with 1, 16 and 64 calls at once. Capacity is
what so many callers could get of such a server that never wait; CPU is that of this process, which is compared with
that of the same calls made by the bare client. README.md says what the figures mean.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.data_handbook import handbook
from benchmarks.data_server import served, serving
from benchmarks.environments import machine, own_environment
from benchmarks.near_duplicates import measure as measure_near_duplicates
from benchmarks.reading import figures as reading_figures
from benchmarks.reading import made as made_files
from mainspring.agent import run_in_new_loop
from mainspring.core import Message, Request, Sampling
from mainspring.core import Options as Form
from mainspring.data.building import Options, State, build
from mainspring.data.team import Wishes
from mainspring.data.team.answers import CONCEPTS
from mainspring.models import ChatModel

DELAY_MS: Final = 50
N_CHUNKS: Final = 10_000
N_CALLS: Final = {1: 150, 16: 2_400, 64: 9_600}
"""Calls at once, and about how many in all: seven seconds of a server that is never idle."""
_CALLS_PER_CHAPTER: Final = 6


@dataclass(frozen=True, slots=True)
class Used:
    """What a build made of a server."""

    n_calls: int
    busy_s: float
    """From the first call to the last, as the server saw it."""
    capacity_used: float
    cpu_ms_per_call: float
    """Of this process while it worked, the client's share included."""


def main() -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--chunks", type=int, default=N_CHUNKS, help="chunks of the build whose memory is measured")
    parser.add_argument("--memory-only", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_only:
        print(json.dumps(run_in_new_loop(measure_memory(arguments.chunks))))
        return
    document = measured(arguments.chunks)
    if arguments.json:
        circumstances = {"machine": machine(), "versions": {"own": own_environment().versions}}
        print(json.dumps({**document, **circumstances}, indent=2))
    else:
        Console(width=100).print(as_table(document))


def measured(n_chunks: int) -> dict[str, Any]:
    """Measure everything, each part in an order that does not disturb the next."""
    with serving() as url:
        client_ms = run_in_new_loop(measure_client(url))
        run_in_new_loop(measure_build(url, 8, 200))  # imports are not counted
        used = {n: run_in_new_loop(measure_build(url, n, n_calls)) for n, n_calls in N_CALLS.items()}
    return {
        **{f"capacity_used_{n}": round(figures.capacity_used, 3) for n, figures in used.items()},
        "cpu_ms_per_call": round(used[max(used)].cpu_ms_per_call - client_ms, 3),
        "client_cpu_ms_per_call": round(client_ms, 3),
        "builds": {str(n): asdict(figures) for n, figures in used.items()},
        "pdf_pages_per_cpu_s": reading_figures(made_files())["pdf_pages_per_cpu_s"],
        "near_dup_docs_per_s": measure_near_duplicates()["docs_per_cpu_s"],
        f"rss_mb_{n_chunks}_chunks": memory_of(n_chunks),
        "peers": {},
    }


async def measure_client(url: str, n_calls: int = 2_000, at_once: int = 64) -> float:
    """Give the CPU of one call by the bare client, in ms."""
    model = teacher(url)
    words = handbook(1)
    form = Form(answer=CONCEPTS.schema)

    async def caller(numbers: range) -> None:
        for number in numbers:
            await model.ask(Request([Message.user(f"{number}\n{words}")], form, Sampling(max_output_tokens=500)))

    await caller(range(20))
    began_s = time.process_time()
    await asyncio.gather(*(caller(range(start, n_calls, at_once)) for start in range(at_once)))
    return 1000 * (time.process_time() - began_s) / n_calls


async def measure_build(url: str, at_once: int, n_calls: int) -> Used:
    """Build a dataset with so many calls at once, and about so many in all."""
    n_documents = max(1, min(64, at_once))
    n_chapters = max(1, n_calls // _CALLS_PER_CHAPTER // n_documents)
    marks: dict[str, float] = {}

    def watch(state: State) -> None:
        marks.setdefault(state.stage, time.process_time())

    served(url)
    with tempfile.TemporaryDirectory() as folder:
        report = await build(
            written(Path(folder) / "docs", n_documents, n_chapters),
            Path(folder) / "out",
            options(url, most_calls=at_once, n_documents=64),
            watch,
        )
    assert not report.stopped, report.stopped
    n_calls, busy_s = report.now.model_calls, served(url)["busy_s"] + DELAY_MS / 1000
    capacity = at_once * 1000 / DELAY_MS
    return Used(
        n_calls, busy_s, n_calls / busy_s / capacity, 1000 * (marks["cleaning"] - marks["reading"]) / n_calls
    )


async def measure_memory(n_chunks: int) -> float:
    """Give the most memory that a build of so many chunks takes, in MB."""
    with serving() as url, tempfile.TemporaryDirectory() as folder:
        source = written(Path(folder) / "docs", 20, n_chunks // 20)
        wishes = Wishes(passage_tokens=400, questions_per_1000_tokens=2.0, rounds=1)
        report = await build(source, Path(folder) / "out", options(url, delay_ms=1, wishes=wishes))
        assert not report.stopped, report.stopped
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_of(n_chunks: int) -> float:
    """Measure memory in a process of its own, so that nothing else is counted."""
    command = [sys.executable, "-m", "benchmarks.data", "--memory-only", "--chunks", str(n_chunks)]
    found: float = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return round(found, 1)


def written(folder: Path, n_documents: int, n_chapters: int) -> Path:
    """Write handbooks into a folder."""
    folder.mkdir()
    for number in range(n_documents):
        (folder / f"book{number}.md").write_text(handbook(n_chapters, seed=number))
    return folder


def teacher(url: str, delay_ms: int = DELAY_MS) -> ChatModel:
    """Give the client of the teacher."""
    return ChatModel(f"truthful-{delay_ms}", base_url=url, mode="structured")


def options(url: str, *, delay_ms: int = DELAY_MS, **more: Any) -> Options:
    """Give the options of a build by the teacher alone."""
    open_model: Callable[[str], ChatModel] = lambda _: teacher(url, delay_ms)  # noqa: E731 - it has a type so
    return Options(teacher="teacher", open_model=open_model, **more)


def as_table(document: dict[str, Any]) -> Table:
    """Lay the figures out."""
    table = Table(box=None, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in document.items():
        if isinstance(value, int | float):
            table.add_row(name, f"{value:,}")
    return table


if __name__ == "__main__":
    main()
