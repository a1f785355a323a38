"""What a user says is noticed and kept: a small agent reads their words, and a tool writes what it found worth it.

    words -> notice (one model call, a typed answer) -> keep (the store of notes)

It hears nothing but the user's last words, so what it keeps has their label, whatever else the conversation read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from mainspring.agent import Agent
from mainspring.agent.opening import Models
from mainspring.core import Clock, SystemClock
from mainspring.core.errors import NobodyAnswered
from mainspring.memory.note import Kind, NewNote, Scope
from mainspring.memory.store import Filter, MemoryStore
from mainspring.memory.words import question_words
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.teams.members import prompt
from mainspring.tools import AnyTool, conversation_label, idempotency_key, tool

_NOTICE: Final = "notice"
_KEEP: Final = "keep"
_OFF_THE_RECORD: Final = re.compile(
    r"\b(?:do not|don['’]?t|never|rather not) (?:\w+ )?(?:remember|save|store|keep|note|record|write)\b"
    r"|(?<!not )(?<!n['’]t )(?<!dont )(?<!never )\bforget (?:that|this|it|what|about|all|everything|me)\b"
    r"|\boff the record\b",
    re.IGNORECASE,
)
_CREDENTIAL: Final = re.compile(
    r"\b(?:passwords?|passphrase|passcode|pin|api[ _-]?key|access[ _-]?(?:key|token)|private key|secret|cvc|cvv)\b"
    r"|\b(?:\d[ -]?){13,19}\b",
    re.IGNORECASE,
)
"""Words for credentials, and as many digits as a card's number has: a small model writes them down all the same."""
_ASKED: Final = re.compile(r"\b(?:wants? to know|asks|asked|is asking|wonders)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what was noticed is kept, and how much of it."""

    expires_after_s: Mapping[Kind, float] = field(default_factory=dict)
    """Seconds after which a kind of note is known no more, counted from when it was last said; kinds that are left
    out do not expire."""
    max_notes: int | None = 200
    """Notes of one agent's dealings with one user; beyond that those go that were said longest ago, pinned ones
    never. None keeps all."""


class Remark(BaseModel):
    """Something that is worth remembering."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=300)
    kind: Kind


class Remarks(BaseModel):
    """What of a user's words is worth remembering; mostly nothing."""

    model_config = ConfigDict(extra="forbid")

    notes: list[Remark] = Field(max_length=3)


def noticing(
    name: str, memory: MemoryStore, scope: Scope, *, model: Models | None, retention: Retention, clock: Clock | None
) -> Agent:
    """Make an agent that keeps what is worth it of the words it is given.

    Args:
        name: What it is called.
        memory: Where notes are kept.
        scope: Whom they are for.
        model: Notices.
        retention: How long notes are kept.
        clock: Tells when they expire.
    """
    reader = Agent(f"{name}_{_NOTICE}", prompt=prompt("noticing"), model=model, max_steps=1, max_repairs=0)
    notice = reader.as_tool(name=_NOTICE, description="Says what is worth remembering.", output=Remarks)
    # It has no tools: nothing can be in its answer but what is in the words, whose label counts in any case.
    notice = replace(notice, annotation=replace(notice.annotation, trusted=True))

    def routine(words: str) -> Routine:
        if is_off_the_record(words):
            return "Nothing is kept."
        (noticed,) = yield Step((call(_NOTICE, task=prompt("notice").render({"words": words})),))
        if noticed.is_error:
            raise NobodyAnswered(f"nobody said what of it is worth remembering: {noticed.text}")
        remarks = [note for note in Remarks.model_validate_json(noticed.text).notes if _will_help(note, words)]
        if not remarks:
            return "Nothing is worth remembering."
        (kept,) = yield Step((call(_KEEP, notes=[remark.model_dump() for remark in remarks]),))
        if kept.is_error:
            raise NobodyAnswered(f"what is worth remembering was not kept: {kept.text}")
        return kept.text

    tools = [notice, _keep(memory, scope, retention, clock or SystemClock())]
    return Agent(name, model=RoutineModel(f"noticing:{name}", routine), tools=tools, description="Remembers.")


def is_off_the_record(words: str) -> bool:
    """Tell whether words say that they are not to be remembered, in plain English; or whether there are none."""
    return not words.strip() or _OFF_THE_RECORD.search(words) is not None


def _keep(memory: MemoryStore, scope: Scope, retention: Retention, clock: Clock) -> AnyTool:
    async def keep(notes: list[Remark]) -> str:
        """Keep notes.

        Args:
            notes: What is worth it.
        """
        for note in notes:
            lasts_s = retention.expires_after_s.get(note.kind)
            new = NewNote(
                text=note.text,
                scope=scope,
                kind=note.kind,
                label=conversation_label(),
                source=idempotency_key(),
                expires_at=None if lasts_s is None else clock.now() + lasts_s,
            )
            await memory.add(new)
        await _make_room(memory, scope, retention.max_notes)
        return f"Kept: {'; '.join(note.text for note in notes)}"

    made: AnyTool = tool(effect="write", authority=[], trusted=True, in_doubt="retry")(keep)
    return made


async def _make_room(memory: MemoryStore, scope: Scope, max_notes: int | None) -> None:
    if max_notes is None:
        return
    notes = await memory.find(Filter(scopes=[scope], pinned=False))
    if surplus := [note.id for note in notes[max_notes:]]:
        await memory.forget([scope], surplus)


def _will_help(remark: Remark, words: str) -> bool:
    """Tell whether a remark is more than a question, is no credential, and has a word of the user's."""
    if _CREDENTIAL.search(remark.text) or _ASKED.search(remark.text):
        return False
    said = question_words(words)
    return any(
        told.startswith(word) or word.startswith(told) for told in question_words(remark.text) for word in said
    )
