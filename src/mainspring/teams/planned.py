"""Plan first: steps with dependencies, those that depend on nothing open side by side, revised when one breaks.

plan -> [steps whose dependencies are done] ... -> answer
            |  one failed, or the plan cannot be carried out
            +-> plan again, told what came of it and why

A plan costs one model call, an answer another one, and the steps what they cost: fewer than thinking before each.
"""

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from mainspring.agent import Agent
from mainspring.agent.opening import Models
from mainspring.core import JsonObject, ToolResult
from mainspring.core.errors import NobodyAnswered
from mainspring.models.modes.signature import signature
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.prompts import Prompt
from mainspring.teams.members import Member, as_tools, prompt
from mainspring.tools import AnyTool, as_tool

_PLAN: Final = "plan"
_ANSWER: Final = "answer"
_REFERENCE: Final = re.compile(r"\{([^{}]*)\}")


class PlannedStep(BaseModel):
    """One step of a plan."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=20)
    tool: str
    arguments: JsonObject
    """What the tool is called with; `{id}` in a string stands for the result of that step."""
    after: list[str] = Field(default=[], max_length=20)
    """Steps whose results it needs."""


class Plan(BaseModel):
    """Steps to be taken, in an order that their dependencies leave open."""

    model_config = ConfigDict(extra="forbid")

    steps: list[PlannedStep] = Field(min_length=1, max_length=20)

    def problem(self, tools: Mapping[str, AnyTool], done: Mapping[str, str]) -> str | None:
        """Say why it cannot be carried out; None if it can.

        Args:
            tools: The tools there are.
            done: Results of steps that were taken before.
        """
        ids = [step.id for step in self.steps]
        if len(set(ids)) < len(ids):
            return "two steps have the same id"
        for step in self.steps:
            if step.tool not in tools:
                return f"step {step.id} wants the tool {step.tool!r}; there are {', '.join(tools)}"
            if unknown := [name for name in step.after if name not in ids and name not in done]:
                return f"step {step.id} comes after {', '.join(unknown)}, which are no steps"
        reached = set(done)
        while ready := [step for step in self.steps if step.id not in reached and set(step.after) <= reached]:
            reached |= {step.id for step in ready}
        if circle := [name for name in ids if name not in reached]:
            return f"the steps {', '.join(circle)} wait for each other"
        return None

    @property
    def words(self) -> str:
        """The plan in a line, as the record shows it."""
        return "; ".join(
            f"{step.id} = {step.tool}{' after ' + ', '.join(step.after) if step.after else ''}"
            for step in self.steps
        )


@dataclass(slots=True)
class _Progress:
    """How far a plan was carried out."""

    done: dict[str, str] = field(default_factory=dict)
    """Results, by step."""
    n_revised: int = 0


def planned(
    name: str,
    members: Sequence[Member | Callable[..., object]],
    *,
    instructions: str = "",
    model: Models | None = None,
    max_revisions: int = 2,
    description: str = "",
) -> Agent:
    """Make an agent that plans before it acts.

    Args:
        name: What it is called.
        members: Agents, tools, or plain functions that its steps may call.
        instructions: What it is for; told to whoever plans and to whoever answers.
        model: Plans and answers.
        max_revisions: How often a plan may be made anew where a step failed or the plan was none; after that it is
            answered with what there is.
        description: What it is good for, as another team reads it.

    Raises:
        ConfigError: It has no members, two have the same name, or one has no description.
    """
    made = [given if isinstance(given, Agent) else as_tool(given) for given in members]
    tools = {tool.name: tool for tool in as_tools(name, made)}
    planner = _agent(f"{name}_{_PLAN}", "planning", model, instructions, tools)
    answerer = _agent(f"{name}_{_ANSWER}", "answering", model, instructions, {})

    def routine(task: str) -> Routine:
        progress = _Progress()
        plan, problem = _read((yield _planning(task, progress, "")), tools, progress)
        while True:
            if plan is not None and problem is None:
                problem = yield from _carried_out(plan, progress)
            if problem is None or progress.n_revised >= max_revisions:
                break
            progress.n_revised += 1
            plan, problem = _read((yield _planning(task, progress, problem)), tools, progress)
        if not progress.done:
            raise NobodyAnswered(f"no step of the plan came to anything: {problem}")
        words = prompt("answer").render({"task": task, "results": _listed(progress), "problem": problem or ""})
        (answer,) = yield Step((call(_ANSWER, task=words),), why="Answering.")
        if answer.is_error:
            raise NobodyAnswered(f"the results could not be put into an answer: {answer.text}")
        return answer.text

    own = [
        planner.as_tool(name=_PLAN, description="Plans.", output=Plan),
        answerer.as_tool(name=_ANSWER, description="Answers."),
    ]
    model_of_it = RoutineModel(f"planned:{name}", routine)
    return Agent(name, model=model_of_it, tools=[*tools.values(), *own], description=description, max_steps=60)


def _planning(task: str, progress: _Progress, problem: str) -> Step:
    words = prompt("replan").render({"task": task, "results": _listed(progress), "problem": problem})
    why = f"The plan is revised: {problem}" if problem else "Planning."
    return Step((call(_PLAN, task=words),), why=why)


def _read(
    results: tuple[ToolResult, ...], tools: Mapping[str, AnyTool], progress: _Progress
) -> tuple[Plan | None, str | None]:
    """Give the plan that was made, and why it cannot be carried out if so."""
    (made,) = results
    if made.is_error:
        return None, made.text
    try:
        plan = Plan.model_validate_json(made.text)
    except ValidationError as error:
        return None, f"it was no plan: {error.errors()[0]['msg']}"
    return plan, plan.problem(tools, progress.done)


def _carried_out(plan: Plan, progress: _Progress) -> Generator[Step, tuple[ToolResult, ...], str | None]:
    """Take all steps, those that are ready side by side; stop at the first round in which one fails."""
    open_steps = [step for step in plan.steps if step.id not in progress.done]
    while ready := [step for step in open_steps if set(step.after) <= set(progress.done)]:
        calls = tuple(call(step.tool, **_filled(step.arguments, progress.done)) for step in ready)
        results = yield Step(calls, why=plan.words)
        failed = []
        for step, result in zip(ready, results, strict=True):
            if result.is_error:
                failed.append(f"step {step.id} ({step.tool}) failed: {result.text}")
            else:
                progress.done[step.id] = result.text
        if failed:
            return "; ".join(failed)
        open_steps = [step for step in open_steps if step.id not in progress.done]
    return None


def _filled(arguments: JsonObject, done: Mapping[str, str]) -> JsonObject:
    """Put the results of earlier steps where their ids stand."""

    def filled(value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return _REFERENCE.sub(lambda found: done.get(found[1], found[0]), value)
        if isinstance(value, list):
            return [filled(item) for item in value]
        return {name: filled(item) for name, item in value.items()} if isinstance(value, dict) else value

    return {name: filled(value) for name, value in arguments.items()}


def _listed(progress: _Progress) -> list[dict[str, str]]:
    return [{"id": name, "text": text} for name, text in progress.done.items()]


def _agent(name: str, file: str, model: Models | None, instructions: str, tools: Mapping[str, AnyTool]) -> Agent:
    words = prompt(file).render(
        {"instructions": instructions, "tools": [signature(tool.spec) for tool in tools.values()]}
        if tools
        else {"instructions": instructions}
    )
    return Agent(name, prompt=Prompt(words, name=name, verbatim=True), model=model)
