"""What is known, told to a model before it is asked: pinned notes, and those that fit the words.

A note is told as a JSON string on a line of its own, so that nothing in it passes for another note or for an end of
the quote; and the message's label is the worst of the notes', so that what is done afterwards is judged by it.
"""

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from mainspring.core import Message
from mainspring.memory.note import Note, Scope
from mainspring.memory.store import Filter, MemoryStore
from mainspring.prompts import Prompt

SHOWN_CHARS: Final = 400
"""Of one note's text; the rest is left out, and an ellipsis says so."""
_N_SOURCES: Final = 3


async def recollection(store: MemoryStore, words: str, scopes: Collection[Scope], limit: int = 5) -> Message | None:
    """Give a message with what is known that fits the words, to be put before them; None where nothing is.

    Args:
        store: Where notes are kept.
        words: What the user says.
        scopes: Whose notes.
        limit: At most so many; pinned ones come first.

    Raises:
        MemoryStoreError: The store cannot be reached.
    """
    notes = await known(store, words, scopes, limit)
    if not notes:
        return None
    first, *rest = [note.label for note in notes]
    return Message.user(told(notes), label=first.join(*rest))


async def known(store: MemoryStore, words: str, scopes: Collection[Scope], limit: int = 5) -> list[Note]:
    """Give the notes that `recollection` tells: pinned ones first, then those that fit the words.

    Raises:
        MemoryStoreError: The store cannot be reached.
    """
    pinned = await store.find(Filter(scopes=scopes, pinned=True, limit=limit))
    found = [item.note for item in await store.search(words, scopes, limit)]
    return list({note.id: note for note in (*pinned, *found)}.values())[:limit]


def told(notes: Sequence[Note]) -> str:
    """Say notes as data, with what is not to be trusted marked."""
    lines = [
        {
            "id": note.id,
            "kind": note.kind,
            "is_trusted": note.is_trusted,
            "source": ", ".join(note.label.sources[:_N_SOURCES]) or "an unknown source",
            "quoted": to_json(_shown(note.text)).decode(),
        }
        for note in notes
    ]
    return _words().render({"notes": lines})


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"


@cache
def _words() -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / "notes.prompt.md")
