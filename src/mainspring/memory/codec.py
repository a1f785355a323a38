"""Notes as JSON and back, whichever version wrote them."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from mainspring.core import JsonObject
from mainspring.core.errors import MemoryStoreError
from mainspring.memory.note import Note

Upcaster = Callable[[JsonObject], JsonObject]

UPCASTERS: Final[Mapping[int, Upcaster]] = {}
"""Version to the function that makes the next version of it."""


def encode(note: Note) -> str:
    """Write a note as JSON."""
    return to_json(note).decode()


def decode(text: str) -> Note:
    """Make a note of its JSON.

    Raises:
        MemoryStoreError: A newer Mainspring wrote it, or it is no note.
    """
    try:
        fields = _fields().validate_json(text)
    except ValidationError as error:
        raise MemoryStoreError("what is stored is no note, as it is no JSON object; restore a copy") from error
    version = fields.get("version")
    if not isinstance(version, int) or not 1 <= version <= Note.VERSION:
        raise MemoryStoreError(
            f"note {fields.get('id')!r} has version {version!r}, and the newest known here is {Note.VERSION}; "
            "read it with the Mainspring that wrote it, or a newer one"
        )
    for older in range(version, Note.VERSION):
        fields = UPCASTERS[older](fields) | {"version": older + 1}
    try:
        return _checked().validate_json(to_json(fields))
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        raise MemoryStoreError(f"note {fields.get('id')!r} is damaged in {wrong}; restore a copy") from error


@cache
def _fields() -> TypeAdapter[JsonObject]:
    return TypeAdapter(JsonObject)


@cache
def _checked() -> TypeAdapter[Note]:
    return TypeAdapter(Note)
