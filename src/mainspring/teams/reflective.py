"""Reflective: attempts, and after each that failed a lesson for the next one (Reflexion, Shinn et al. 2023).

[recall] -> attempt -> check -> answer
              ^          | something is wrong, or the attempt ended without an answer
              +- keep <- reflect

Each attempt is a run of its own that begins afresh: it is told the task and the lessons, and nothing else of what
was tried. One that succeeds at once costs its check, and no model call more.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.agent import Agent
from mainspring.agent.child import Child
from mainspring.agent.judge import Judge, objection
from mainspring.agent.opening import Models
from mainspring.core import ToolResult
from mainspring.core.errors import ConfigError, NobodyAnswered
from mainspring.memory.note import Scope
from mainspring.memory.store import MemoryStore
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.prompts import Prompt
from mainspring.teams.lessons import (
    MAX_CHARS,
    REFLECT,
    Lesson,
    Reflection,
    keep_tool,
    kept,
    recall_tool,
    recalled,
    reflected,
)
from mainspring.teams.members import Member, as_tools, prompt
from mainspring.tools import AnyTool

T = TypeVar("T")

Otherwise = Literal["fail", "last"]
"""What comes of it when every attempt failed: the run fails in words, or the last answer is given all the same."""

Steps = Generator[Step, tuple[ToolResult, ...], T]
"""Some steps of a routine, and what they come to."""

_STEPS_PER_ATTEMPT: Final = 4
"""Attempt, check, reflect, keep."""
_ANSWER_CHARS: Final = 1_000_000
"""Of a worker's answer: it is the run's, and not to be cut as a tool's result is."""
_SHOWN_CHARS: Final = 2_000
"""Of an answer, and of what is wrong with it, to whoever reflects."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What came of an attempt."""

    answer: str | None
    """None where it ended without one."""
    problem: str | None
    """What is wrong; None where nothing is."""


@dataclass(frozen=True, slots=True)
class _Team:
    """Who does what, in which order."""

    worker: AnyTool
    judge: Judge | None
    reflector: AnyTool
    keep: AnyTool
    recall: AnyTool | None
    """None where lessons live within one run."""
    attempts: int
    otherwise: Otherwise

    @property
    def tools(self) -> list[AnyTool]:
        """All of those that are called."""
        judge = [] if self.judge is None else self.judge.tools.values()
        return [self.worker, *judge, self.reflector, self.keep, *([] if self.recall is None else [self.recall])]

    def routine(self, task: str) -> Routine:
        """Attempt a task until an answer is good, or there are no attempts left."""
        lessons: list[Lesson] = []
        if self.recall is not None:
            (known,) = yield Step((call(self.recall.name, task=task),), why="What was learnt before?")
            lessons = recalled(known)
        answer, problem = None, ""
        for number in range(1, self.attempts + 1):
            last = yield from self._attempt(task, lessons, number)
            if last.problem is None:
                return last.answer
            answer, problem = answer if last.answer is None else last.answer, last.problem
            if number < self.attempts or self.recall is not None:
                lessons = [*lessons, (yield from self._learn(task, last, number))]
        if answer is not None and self.otherwise == "last":
            return answer
        raise NobodyAnswered(f"none of {self.attempts} attempts came to a good answer (the last: {problem})")

    def _attempt(self, task: str, lessons: Sequence[Lesson], number: int) -> Steps[_Attempt]:
        """Make an attempt, and have it checked."""
        inputs = {"task": task, "lessons": _quoted(lessons), "number": number}
        asked = call(self.worker.name, task=prompt("attempt").render(inputs))
        (came,) = yield Step((asked,), why=f"Attempt {number} of {self.attempts}.")
        if came.is_error:
            return _Attempt(None, came.text)
        if self.judge is None:
            return _Attempt(came.text, None)
        judging = self.judge.call(task, _value(self.worker, came.text))
        (verdict,) = yield Step((judging,), why="Is it good?")
        return _Attempt(came.text, objection(verdict))

    def _learn(self, task: str, last: _Attempt, number: int) -> Steps[Lesson]:
        """Draw a lesson and keep it; where none can be drawn, what was wrong has to do, for this run alone."""
        problem, answer = last.problem or "", last.answer or ""
        inputs = {"task": task, "answer": _shown(answer), "problem": _shown(problem), "number": number}
        asked = call(self.reflector.name, task=prompt("reflect").render(inputs))
        (came,) = yield Step((asked,), why=problem)
        made = reflected(came)
        if made is None:
            return Lesson(text=problem[:MAX_CHARS])
        lesson = made.words(problem)
        (result,) = yield Step((call(self.keep.name, text=lesson),), why="For the next attempt.")
        return kept(result, lesson)


def reflective(  # noqa: PLR0913 - one keyword for each thing that can be said of a team
    name: str,
    worker: Member,
    *,
    check: Member | Callable[..., object] | None = None,
    memory: MemoryStore | None = None,
    user: str | None = None,
    attempts: int = 3,
    otherwise: Otherwise = "fail",
    model: Models | None = None,
    description: str = "",
) -> Agent:
    """Make an agent that tries again where it failed, told what there is to learn from it.

    Args:
        name: What the team is called.
        worker: Makes the attempts.
        check: Says what is wrong with an answer, as the judge of `Escalate` does: a function, a tool or an agent.
            If not given, only an attempt that ends without an answer has failed.
        memory: Keeps lessons for later tasks, as notes of the worker; they live within one run if not given.
        user: For whom lessons are kept; for nobody in particular if not given.
        attempts: How many there are at most.
        otherwise: What comes of it when every attempt failed.
        model: Reflects; the worker's own if not given.
        description: What the team is good for, as another team reads it; what the worker is good for if not given.

    Raises:
        ConfigError: There is no attempt, the check cannot be called, or two of those called have the same name.
    """
    if attempts < 1:
        raise ConfigError(f"reflective {name!r} has attempts={attempts}; it takes at least one")
    works = _member(worker, "Works.")
    author = works.waits.agent if isinstance(works.waits, Child) else None
    scope = Scope(agent=works.name if author is None else author.name, user=user)
    team = _Team(
        worker=works,
        judge=None if check is None else Judge.of(_member(check, "Checks.") if isinstance(check, Agent) else check),
        reflector=_reflector(name, model or _models(author)),
        keep=keep_tool(memory, scope),
        recall=None if memory is None else recall_tool(memory, scope),
        attempts=attempts,
        otherwise=otherwise,
    )
    return Agent(
        name,
        model=RoutineModel(f"reflective:{name}", team.routine),
        tools=as_tools(name, team.tools),
        description=description or works.spec.description,
        max_steps=_STEPS_PER_ATTEMPT * attempts + 2,
    )


def _reflector(name: str, model: Models | None) -> AnyTool:
    """Make the agent that reflects: it reads nothing but what it is given."""
    words = Prompt(prompt("reflecting").render(), name=REFLECT, verbatim=True)
    agent = Agent(f"{name}_{REFLECT}", prompt=words, model=model)
    return _vouched(agent.as_tool(name=REFLECT, description="Reflects.", output=Reflection))


def _member(given: Member, description: str) -> AnyTool:
    """Make a tool of a member; what an agent without tools says is as good as what it is given."""
    if not isinstance(given, Agent):
        return given
    made = replace(given.as_tool(description=given.description or description), max_result_chars=_ANSWER_CHARS)
    return made if given.tools or given.judge is not None else _vouched(made)


def _vouched(made: AnyTool) -> AnyTool:
    return replace(made, annotation=replace(made.annotation, trusted=True))


def _models(worker: Agent | None) -> Models | None:
    """Give the models of an agent; by their names where they cannot be opened yet."""
    if worker is None:
        return None
    try:
        return worker.models
    except ConfigError:
        return worker.model_names


def _value(worker: AnyTool, text: str) -> JsonValue:
    """Give an answer in the type that the worker gives it in."""
    if not isinstance(worker.waits, Child):
        return text
    try:
        return worker.waits.form.of_text(text)
    except ValueError:  # one of several words is a JSON value, and told as the word
        return text


def _quoted(lessons: Sequence[Lesson]) -> list[dict[str, object]]:
    """Give lessons once each, as JSON strings, so that nothing in one passes for an end of the quote."""
    different = {lesson.text: lesson for lesson in lessons}.values()
    return [lesson.model_dump() | {"quoted": to_json(lesson.text).decode()} for lesson in different]


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
