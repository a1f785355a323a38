"""The designs that `reflection.py` compares: tasks tried again and again, and tasks tried with lessons."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.reflection_office import Office, Task
from mainspring import Agent
from mainspring.core import NOTHING, Model, OnDelta, Reply, Request, Sampling, Usage
from mainspring.core.errors import ModelError, RunError
from mainspring.core.events import ChildCalled
from mainspring.memory import MemoryStore
from mainspring.teams import reflective

CLERK: Final = "clerk"
TEMPERATURE: Final = 0.7
"""So that another attempt may come to something else."""
_INSTRUCTIONS: Final = "You are a clerk. Do what you are asked with one call of a tool."


class Metered:
    """A model, with what was used of it: what runs that failed used is in no result."""

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self.used: Usage = NOTHING
        self._model = model
        self._began_s = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The time since it was made."""
        return time.perf_counter() - self._began_s

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Ask the model."""
        reply = await self._model.ask(request, on_delta)
        self.used += reply.usage
        return reply


@dataclass(slots=True)
class Figures:
    """What a design came to."""

    passed: dict[str, list[bool]] = field(default_factory=dict)
    """Whether each task was done, by family."""
    attempts: list[int] = field(default_factory=list)
    """Of each task."""
    used: Usage = NOTHING
    seconds: float = 0.0

    def add(self, task: Task, spent: Metered, *, is_done: bool, n_attempts: int) -> None:
        """Count a task."""
        self.passed.setdefault(task.family, []).append(is_done)
        self.attempts.append(n_attempts)
        self.used += spent.used
        self.seconds += spent.seconds

    @property
    def document(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        done = [is_done for family in self.passed.values() for is_done in family]
        return {
            "pass_rate": round(sum(done) / len(done), 3),
            "passed": sum(done),
            "tasks": len(done),
            "passed_by_family": {family: sum(of_family) for family, of_family in self.passed.items()},
            "attempts": sum(self.attempts),
            "model_calls": self.used.model_calls,
            "input_tokens": self.used.input_tokens,
            "output_tokens": self.used.output_tokens,
            "seconds": round(self.seconds, 1),
        }


async def repeated(model: Model, tasks: Sequence[Task], attempts: int) -> tuple[Figures, Figures]:
    """Try each task until it is done, learning nothing.

    Returns:
        What came of the first attempts alone, and of all.
    """
    once, often = Figures(), Figures()
    for task in tasks:
        metered, is_done, number = Metered(model), False, 0
        while not is_done and number < attempts:
            is_done = await _is_done(metered, task, seed=number)
            number += 1
            if number == 1:
                once.add(task, metered, is_done=is_done, n_attempts=1)
        often.add(task, metered, is_done=is_done, n_attempts=number)
    return once, often


async def learning(model: Model, tasks: Sequence[Task], attempts: int, memory: MemoryStore) -> Figures:
    """Try each task with what was learnt until it is done."""
    figures = Figures()
    for task in tasks:
        metered, office = Metered(model), Office()
        clerk = _clerk(metered, office, seed=0)
        run = reflective("careful", clerk, check=office.check(task), memory=memory, attempts=attempts).start(
            task.words
        )
        try:
            await run
            is_done = True
        except RunError:
            is_done = False
        called = [event for event in run.events if isinstance(event, ChildCalled) and event.agent == CLERK]
        figures.add(task, metered, is_done=is_done, n_attempts=len(called))
    return figures


def _clerk(model: Model, office: Office, seed: int) -> Agent:
    sampling = Sampling(temperature=TEMPERATURE, seed=seed)
    return Agent(
        CLERK,
        instructions=_INSTRUCTIONS,
        model=model,
        tools=office.tools,
        sampling=sampling,
        max_steps=2,
        max_calls=1,
    )


async def _is_done(model: Model, task: Task, seed: int) -> bool:
    office = Office()
    try:
        result = await _clerk(model, office, seed).run(task.words)
    except (ModelError, RunError):
        return False
    return office.check(task)(result.output) is None
