"""Review and debate: an answer that others have looked at."""

from collections.abc import Sequence

from mainspring.agent import Agent
from mainspring.agent.judge import objection
from mainspring.core.errors import ConfigError
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.teams.members import Member, as_tools, good, prompt


def review(name: str, author: Member, critic: Member, *, rounds: int = 2, description: str = "") -> Agent:
    """Make an agent whose answer a critic has read, and that is mended as often as the critic wants, within bounds.

    Whoever fails later than with the first draft keeps nobody from answering: the last draft is the answer then.

    Args:
        name: What the team is called.
        author: Writes, and mends.
        critic: Says what is wrong with a draft; `ok` if nothing is.
        rounds: How often a draft is mended at most; the last one is the answer then.
        description: What the team is good for, as another team reads it.

    Raises:
        ConfigError: The two have the same name, one has no description, or there is no round.
    """
    writes, reads = as_tools(name, [author, critic])
    if rounds < 1:
        raise ConfigError(f"review {name!r} has rounds={rounds}; it takes at least one")

    def routine(task: str) -> Routine:
        results = yield Step((call(writes.name, task=task),))
        draft = good(results)[writes.name]
        for _ in range(rounds):
            words = prompt("examine").render({"task": task, "draft": draft})
            (verdict,) = yield Step((call(reads.name, task=words),), why="Is it good?")
            problem = None if verdict.is_error else objection(verdict)
            if problem is None:
                return draft
            words = prompt("revise").render({"task": task, "draft": draft, "problem": problem})
            (mended,) = yield Step((call(writes.name, task=words),), why=problem)
            if mended.is_error:  # the draft that there is answers better than nothing
                return draft
            draft = mended.text
        return draft

    return Agent(
        name, model=RoutineModel(f"review:{name}", routine), tools=[writes, reads], description=description
    )


def debate(name: str, sides: Sequence[Member], judge: Member, *, rounds: int = 1, description: str = "") -> Agent:
    """Make an agent whose answer a judge gives who has heard several sides, each of which has heard the others.

    A side that fails at first is not heard; one that fails later is heard with what it said before.

    Args:
        name: What the team is called.
        sides: Who argues; at least two.
        judge: Who answers in the end.
        rounds: How often the sides answer each other.
        description: What the team is good for, as another team reads it.

    Raises:
        ConfigError: There are fewer than two sides, rounds are negative, two members have the same name, or one has
            no description.
    """
    *arguing, judging = as_tools(name, [*sides, judge])
    if len(arguing) < 2:
        raise ConfigError(f"debate {name!r} has {len(arguing)} sides; it takes two")
    if rounds < 0:
        raise ConfigError(f"debate {name!r} has rounds={rounds}; with 0 the judge decides at once")

    def routine(task: str) -> Routine:
        results = yield Step(tuple(call(side.name, task=task) for side in arguing))
        stand = dict(good(results))
        for _ in range(rounds if len(stand) > 1 else 0):  # who is alone has nobody to answer
            calls = tuple(
                call(side, task=prompt("argue").render({"task": task, "own": own, "others": _others(stand, side)}))
                for side, own in stand.items()
            )
            results = yield Step(calls, why="Answering each other.")
            stand |= {result.name: result.text for result in results if not result.is_error}
        words = prompt("decide").render({"task": task, "sides": _others(stand, "")})
        verdict = yield Step((call(judging.name, task=words),), why="Deciding.")
        return good(verdict)[judging.name]

    tools = [*arguing, judging]
    return Agent(name, model=RoutineModel(f"debate:{name}", routine), tools=tools, description=description)


def _others(stand: dict[str, str], side: str) -> list[dict[str, str]]:
    return [{"name": who, "text": text} for who, text in stand.items() if who != side]
