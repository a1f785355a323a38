"""Router: a single hop. A rule, or one cheap model call, says who answers; that one is given the conversation."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from mainspring.agent import Agent
from mainspring.agent.child import Child, child_tool
from mainspring.agent.job import AnswerForm
from mainspring.agent.opening import Models
from mainspring.core.errors import ConfigError, NobodyAnswered
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.prompts import Prompt
from mainspring.teams.handoff import handoff, said
from mainspring.teams.members import prompt
from mainspring.tools import AnyTool

_CHOOSE: Final = "choose"


def router(
    name: str,
    members: Sequence[Agent],
    *,
    model: Models | None = None,
    rule: Callable[[str], str] | None = None,
    description: str = "",
) -> Agent:
    """Make an agent that answers through the one member that fits best.

    Args:
        name: What the team is called.
        members: Who may answer; each needs a description.
        model: Chooses, with one call that is held to the members' names; a small one will do.
        rule: Chooses by the words alone, instead of a model; gives a member's name.
        description: What the team is good for, as another team reads it.

    Raises:
        ConfigError: It has no members, two have the same name, one has no description, or both a model and a rule
            are given.
    """
    if model is not None and rule is not None:
        raise ConfigError(f"router {name!r} has both a model and a rule; give one of them")
    names = [member.name for member in members]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"router {name!r} needs members with names of their own; it has {names}")
    hops = [handoff(member, name=member.name) for member in members]

    def routine(task: str) -> Routine:
        if rule is not None:
            chosen = rule(task)
        else:
            (choice,) = yield Step((call(_CHOOSE, reason="routed"),), why="Who is to answer?")
            chosen = choice.text.strip("\"' \n")
        if chosen not in names:
            raise NobodyAnswered(f"router {name!r} chose {chosen!r}, which is none of {', '.join(names)}")
        (failed,) = yield Step((call(chosen, reason="routed"),))  # whose result is the answer, unless it fails
        raise NobodyAnswered(f"{chosen} came to nothing: {failed.text}")

    tools = hops if rule is not None else [*hops, _chooser(name, members, model)]
    return Agent(name, model=RoutineModel(f"router:{name}", routine), tools=tools, description=description)


def _chooser(name: str, members: Sequence[Agent], model: Models | None) -> AnyTool:
    """Make the agent that chooses: it sees the conversation, and its answer can be nothing but a member's name."""
    names: Any = Literal[tuple(member.name for member in members)]
    words = prompt("choose").render(
        {"members": [{"name": member.name, "description": member.description} for member in members]}
    )
    chooser = Agent(f"{name}_{_CHOOSE}", prompt=Prompt(words, name=_CHOOSE, verbatim=True), model=model)
    made = child_tool(Child(chooser, AnswerForm(names), hands_over=said), _CHOOSE, "Says who is to answer.")
    return replace(made, answers=False)  # a name is not the run's answer
