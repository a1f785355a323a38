"""Goals as people write them: a small TOML or JSON file, checked before anything is kept.

```toml
title = "Furnish the terrace"
user = "ada"

[[tasks]]
name = "measure"
agent = "clerk"
input = "Ask Ada for the measures"

[[tasks]]
name = "remind"
after = ["measure"]
due = "2d"
```
"""

import sys
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from mainspring.core import Budget
from mainspring.core.errors import ConfigError
from mainspring.runs import Goal, Task
from mainspring.runs.plans.times import read_span_s, read_time

SUFFIXES: Final = (".toml", ".json")
STDIN: Final = "-"
_STRICT: Final = ConfigDict(frozen=True, extra="forbid")


class _TaskEntry(BaseModel):
    """A task of a file."""

    model_config = _STRICT

    name: str
    input: str = ""
    agent: str | None = None
    after: tuple[str, ...] = ()
    due: datetime | str | None = None
    deadline: datetime | str | None = None
    every: str | None = None
    budget: Budget | None = None
    charge: tuple[str, ...] = ()

    def task(self, now: float) -> Task:
        """Make the task."""
        return Task(
            self.name,
            input=self.input,
            agent=self.agent,
            after=self.after,
            due=_moment(self.due, now),
            deadline=_moment(self.deadline, now),
            every_s=None if self.every is None else read_span_s(self.every),
            budget=self.budget,
            charge=self.charge,
        )


class _GoalFile(BaseModel):
    """All of a file."""

    model_config = _STRICT

    title: str
    user: str = ""
    id: str | None = None
    charge: tuple[str, ...] = ()
    tasks: tuple[_TaskEntry, ...]


def read_goal(path: str, now: float) -> Goal:
    """Read a goal from a file, or as JSON from stdin.

    Args:
        path: The file; `-` for stdin.
        now: The present time, which spans count from.

    Raises:
        ConfigError: It cannot be read, or something in it is wrong.
    """
    try:
        text = sys.stdin.read() if path == STDIN else Path(path).read_text(encoding="utf-8")
        fields = tomllib.loads(text) if path.endswith(".toml") else from_json(text)
        wanted = _GoalFile.model_validate(fields)
    except ValidationError as error:
        wrong = "\n".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_input=False)
        )
        raise ConfigError(f"the goal in {path!r} is not as it should be:\n{wrong}") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"the goal in {path!r} cannot be read: {error}") from error
    return Goal(
        wanted.title,
        tasks=[entry.task(now) for entry in wanted.tasks],
        user=wanted.user,
        id=wanted.id,
        charge=wanted.charge,
    )


def _moment(given: datetime | str | None, now: float) -> datetime | float | None:
    return read_time(given, now) if isinstance(given, str) else given
