"""Parallel: the same task to several members at once, joined, or won by the first that are good."""

from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from mainspring.agent import Agent
from mainspring.core.errors import ConfigError
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.teams.members import Member, as_tools, good, prompt

Join = Callable[[Mapping[str, str]], JsonValue] | Agent
"""Makes one answer of what members came to, by their names: a function, or an agent that is told all of it."""


def parallel(
    name: str,
    members: Sequence[Member],
    *,
    join: Join | None = None,
    enough: int | None = None,
    description: str = "",
) -> Agent:
    """Make an agent that asks all members at once.

    Args:
        name: What the team is called.
        members: Whom it asks.
        join: Makes one answer of theirs; they are put one below the other if not given.
        enough: How many good answers are enough; the others are ended. All are waited for if not given.
        description: What the team is good for, as another team reads it.

    Raises:
        ConfigError: It has no members, two have the same name, or fewer than are enough.
    """
    asked = as_tools(name, members)
    if enough is not None and not 1 <= enough <= len(asked):
        raise ConfigError(f"team {name!r} has {len(asked)} members, and enough={enough} of them")
    joining = [join.as_tool(description=join.description or "Joins.")] if isinstance(join, Agent) else []

    def routine(task: str) -> Routine:
        results = yield Step(tuple(call(tool.name, task=task) for tool in asked), enough)
        came = dict(list(good(results).items())[:enough])
        if isinstance(join, Agent):
            words = prompt("join").render({"task": task, "answers": _listed(came)})
            (joined,) = yield Step((call(join.name, task=words),), why="Making one answer of them.")
            return good([joined])[join.name]
        if join is not None:
            return join(came)
        return (
            next(iter(came.values()))
            if len(came) == 1
            else "\n\n".join(f"{who}: {text}" for who, text in came.items())
        )

    model = RoutineModel(f"parallel:{name}", routine)
    return Agent(name, model=model, tools=[*asked, *joining], description=description)


def _listed(came: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": who, "text": text} for who, text in came.items()]
