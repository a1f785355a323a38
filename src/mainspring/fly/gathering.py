"""Runs of a teacher: each request is a durable run under a name of its own, so that the same command goes on.

A request that was answered is not asked again, whatever crash interrupted it. One whose run failed is counted, and
left as it is.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mainspring.agent import Agent
from mainspring.core.errors import JournalUnavailable, MainspringError
from mainspring.fly.requests import Request
from mainspring.runs import Runs


@dataclass(frozen=True, slots=True)
class Gathered:
    """How far the teacher is."""

    n_done: int
    """Requests with an answer."""
    n_failed: int
    n_all: int


async def gather(
    runs: Runs,
    teacher: Agent,
    requests: Sequence[Request],
    *,
    concurrency: int = 1,
    on_done: Callable[[Gathered], None] | None = None,
) -> Gathered:
    """Have a teacher answer requests, and give how many it did.

    Args:
        runs: The store that keeps them.
        teacher: Who answers.
        requests: What it is asked.
        concurrency: How many at once.
        on_done: Is told how far it is after each.

    Raises:
        JournalUnavailable: The store cannot be reached or is full; what was answered is kept.
    """
    waiting = iter(requests)
    n_done = n_failed = 0

    async def work() -> None:
        nonlocal n_done, n_failed
        for request in waiting:
            try:
                run = await runs.start(teacher, request.question, id=run_id(teacher, request))
                await run.result()
                n_done += 1
            except JournalUnavailable:
                raise
            except MainspringError:
                n_failed += 1
            if on_done is not None:
                on_done(Gathered(n_done, n_failed, len(requests)))

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return Gathered(n_done, n_failed, len(requests))


def run_id(teacher: Agent, request: Request) -> str:
    """Name the run of a request: another question under the same id, model or prompt is another run."""
    asked = "\0".join((teacher.model_names[0], teacher.prompt.digest, request.question))
    return f"fly.{request.id}.{hashlib.sha256(asked.encode()).hexdigest()[:8]}"
