"""What a folder says of its documents: `documents.toml`, with licence, source, title and language for names.

    [[documents]]
    match = "*.pdf"
    licence = "CC0-1.0"
    source = "https://..."

Every table that matches a name counts; of two that say the same thing, the later. `*` matches across folders. What
stands there goes before what a file says of itself.
"""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from mainspring.core.errors import ConfigError
from mainspring.data.document import Document, Value
from mainspring.data.reading.walk import FACTS_FILE

_FIELDS: Final = ("title", "licence", "source", "language")


class Fact(Value):
    """What is true of all documents whose names match."""

    match: str
    """A pattern with `*`, `?` and `[...]`, for the path below the folder."""
    title: str = ""
    licence: str = ""
    source: str = ""
    language: str = ""


class Facts(Value):
    """All that a folder says of its documents."""

    documents: tuple[Fact, ...] = Field(default=())

    def applied(self, document: Document, name: str) -> Document:
        """Give a document with what is said of the file it came from."""
        said: dict[str, str] = {}
        for fact in self.documents:
            if fnmatchcase(name, fact.match):
                said |= {field: value for field in _FIELDS if (value := getattr(fact, field))}
        return document.model_copy(update=said) if said else document


def load_facts(root: Path) -> Facts:
    """Read what a folder says of its documents; nothing, where it has no such file.

    Raises:
        ConfigError: The file cannot be read or says something else.
    """
    path = root / FACTS_FILE
    if not path.is_file():
        return Facts()
    try:
        return Facts.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{str(path)!r} is wrong at {place}: {first['msg']}") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error}") from error
