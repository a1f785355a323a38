"""What is remembered: a note, whom it is for, and where its words came from.

A note's label is that of whatever it was made from. It stays with the note for as long as that is kept, and only
gets worse.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from pydantic import with_config
from pydantic_core import to_json

from mainspring.core import Label
from mainspring.core.errors import ConfigError
from mainspring.core.labels import UNKNOWN

Kind = Literal["fact", "preference", "lesson", "episode"]
"""Something that is so / what somebody likes / what to do better next time / what happened."""

MAX_TEXT_CHARS: Final = 2_000
"""Of one note: what is longer is a document, not a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom notes are for: an agent, a user, or an agent's dealings with one user.

    Raises:
        ConfigError: Neither is given.
    """

    agent: str | None = None
    """An agent's name; None for notes that every agent may have."""
    user: str | None = None
    """A user; None for notes that concern no user in particular."""

    def __post_init__(self) -> None:
        if not self.agent and not self.user:
            raise ConfigError(
                "a note is for an agent, a user or both; give Scope(agent=...), Scope(user=...) or both"
            )

    @property
    def reach(self) -> tuple["Scope", ...]:
        """The scopes whose notes count here: this one, the agent's alone and the user's alone."""
        if not self.agent or not self.user:
            return (self,)
        return (self, Scope(agent=self.agent), Scope(user=self.user))

    @property
    def key(self) -> str:
        """The scope as one word of hexadecimal digits."""
        return hashlib.sha256(to_json((self.agent or None, self.user or None))).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """Something to be remembered.

    Raises:
        ConfigError: The text is empty or longer than a note may be.
    """

    text: str
    scope: Scope
    kind: Kind = "fact"
    label: Label = UNKNOWN
    """Where the words come from, and how far they may be trusted."""
    source: str = ""
    """What wrote it: a run's id, or the key of a tool call, which begins with that."""
    pinned: bool = False
    """Whether it is told in every conversation, whether or not it fits the words."""
    expires_at: float | None = None
    """From when on it is not known any more, in seconds since the Unix epoch."""

    def __post_init__(self) -> None:
        n_chars = len(self.text.strip())
        if not n_chars:
            raise ConfigError(f"a note says something, but this one is {self.text!r}")
        if n_chars > MAX_TEXT_CHARS:
            raise ConfigError(
                f"a note has at most {MAX_TEXT_CHARS:,} characters, this one has {n_chars:,} "
                f"({self.text[:40]!r}...); say it shorter, or make several notes"
            )


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that is remembered."""

    VERSION: ClassVar[int] = 1
    version: int = 1
    id: str
    """A few letters and digits, short enough for a small model to repeat."""
    text: str
    scope: Scope
    kind: Kind
    label: Label
    source: str
    created_at: float
    """When it was first said, in seconds since the Unix epoch."""
    updated_at: float
    """When it was last said."""
    pinned: bool = False
    expires_at: float | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether nobody but the operator, the user or a trusted tool had a hand in it."""
        return self.label.integrity == "trusted"


def noted(new: NewNote, *, id: str, at: float) -> Note:  # noqa: A002 - it is one
    """Make a note of what is said for the first time."""
    return Note(
        id=id,
        text=_storable(new.text),
        scope=new.scope,
        kind=new.kind,
        label=new.label,
        source=new.source,
        created_at=at,
        updated_at=at,
        pinned=new.pinned,
        expires_at=new.expires_at,
    )


def refreshed(note: Note, new: NewNote, *, at: float) -> Note:
    """Give the note as it is when the same is said again: the words stay, and the label is the worse of both."""
    return replace(
        note,
        kind=new.kind,
        label=note.label.join(new.label),
        source=new.source or note.source,
        updated_at=at,
        pinned=note.pinned or new.pinned,
        expires_at=new.expires_at,
    )


def sameness(text: str) -> str:
    """Give what two texts have in common exactly if they are equal but for case and white space."""
    return hashlib.sha256(" ".join(_storable(text).casefold().split()).encode()).hexdigest()[:32]


def _storable(text: str) -> str:
    """Replace what a database cannot hold: halves of surrogate pairs, and the character NUL."""
    return text.strip().replace("\x00", "\ufffd").encode(errors="replace").decode()
