"""Runs the engine in processes that have its libraries loaded: as torchrun starts them, in less time."""

import multiprocessing
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

_SERVER: Final = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["mainspring.train.engine.training", "tests.training.dying"])


def run(out: Path, processes: int = 1, *, before: Callable[[], None] | None = None) -> list[int | None]:
    """Run the engine on a folder to its end, and give the exit code of each process.

    Args:
        out: The folder of the run.
        processes: How many.
        before: What each of them does first.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [_SERVER.Process(target=_rank, args=(out, rank, processes, port, before)) for rank in range(processes)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()
    return [rank.exitcode for rank in ranks]


def _rank(out: Path, rank: int, processes: int, port: int, before: Callable[[], None] | None) -> None:
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    from mainspring.train.engine.__main__ import main

    if before is not None:
        before()
    raise SystemExit(main(out))
