"""Lessons: what is learnt from an attempt that failed, kept and told as data.

A lesson is as trustworthy as the worst that had been read when it was drawn. Its label is kept with the note, and
whoever is told a lesson that is not to be trusted has read something untrusted.
"""

import re
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mainspring.core import Label, ToolResult
from mainspring.memory.note import NewNote, Scope
from mainspring.memory.store import MemoryStore
from mainspring.tools import AnyTool, conversation_label, distrust_result, idempotency_key, tool

MAX_CHARS: Final = 300
"""Of a lesson."""
N_RECALLED: Final = 5
"""Lessons of earlier tasks that are told at most."""
_N_SEARCHED: Final = 4 * N_RECALLED
"""Notes that are looked through for them: not every note is a lesson."""
_N_SENTENCES: Final = 2
_N_SOURCES: Final = 3
_RECALL: Final = "recall_lessons"
_KEEP: Final = "keep_lesson"
REFLECT: Final = "reflect"
"""What the agent is called that draws lessons."""
_OWN: Final = frozenset({"user", "operator", *(f"tool:{name}" for name in (_RECALL, _KEEP, REFLECT))})
"""Sources that say nothing of where a lesson is from."""
_MAX_WHEN_CHARS: Final = 80
_PROBLEM_CHARS: Final = 200
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


class Reflection(BaseModel):
    """What somebody makes of an attempt that failed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    when: str = Field(min_length=1, max_length=_MAX_WHEN_CHARS)
    """The kind of task that it is about, in words that such tasks have."""
    lesson: str = Field(min_length=1, max_length=MAX_CHARS)
    """What to do differently."""

    def words(self, problem: str) -> str:
        """Give the lesson as it is kept: when it counts, at most two sentences of what to do, and what was wrong.

        A small model may miss the point; what was wrong has it.
        """
        when = self.when.rstrip(" .:,")
        said = " ".join(_SENTENCE_END.split(self.lesson)[:_N_SENTENCES])
        shown = problem if len(problem) <= _PROBLEM_CHARS else f"{problem[:_PROBLEM_CHARS]}…"
        return f"{when}: {said} (What was wrong before: {shown})"


class Lesson(BaseModel):
    """Something learnt, with how far it may be trusted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    is_trusted: bool = False
    source: str = "an unknown source"
    """Where its words come from."""


def recall_tool(store: MemoryStore, scope: Scope) -> AnyTool:
    """Make the tool that looks up what was learnt from tasks like one."""

    async def recall_lessons(task: str) -> list[Lesson]:
        """Look up what was learnt from tasks like this one."""
        found = [item.note for item in await store.search(task, scope.reach, _N_SEARCHED)]
        fitting = [note for note in found if note.kind == "lesson" and note.label.confidentiality != "secret"]
        lessons = [_lesson(note.text, note.label) for note in fitting[:N_RECALLED]]
        if not all(lesson.is_trusted for lesson in lessons):
            distrust_result()
        return lessons  # none that is secret: a result cannot be labelled so

    made: AnyTool = tool(name=_RECALL, effect="none", authority=[], trusted=True)(recall_lessons)
    return made


def keep_tool(store: MemoryStore | None, scope: Scope) -> AnyTool:
    """Make the tool that keeps a lesson, labelled as badly as the worst of what led to it.

    Args:
        store: Where it is kept; without one it is labelled, and lives as long as its run.
        scope: Whom it is for.
    """

    async def keep_lesson(text: str) -> Lesson:
        """Keep a lesson."""
        label = conversation_label()
        if store is not None:
            await store.add(NewNote(text=text, scope=scope, kind="lesson", label=label, source=idempotency_key()))
        return _lesson(text, label)

    made: AnyTool = tool(name=_KEEP, effect="write", authority=[], trusted=True, in_doubt="retry")(keep_lesson)
    return made


def recalled(result: ToolResult) -> list[Lesson]:
    """Read what was looked up; where that failed, nothing is known."""
    return [] if result.is_error else _LESSONS.validate_json(result.text)


def kept(result: ToolResult, words: str) -> Lesson:
    """Read what was kept; where that failed, the lesson counts in its run, and nobody vouches for it."""
    return Lesson(text=words) if result.is_error else Lesson.model_validate_json(result.text)


def reflected(result: ToolResult) -> Reflection | None:
    """Read a reflection; None where nothing came of it."""
    try:
        return None if result.is_error else Reflection.model_validate_json(result.text)
    except ValidationError:  # a record of another version may hold one
        return None


_LESSONS: Final = TypeAdapter(list[Lesson])


def _lesson(text: str, label: Label) -> Lesson:
    is_trusted = label.integrity == "trusted"
    telling = [source for source in label.sources if source not in _OWN][:_N_SOURCES]
    return Lesson(text=text, is_trusted=is_trusted, source=", ".join(telling) or "an unknown source")
