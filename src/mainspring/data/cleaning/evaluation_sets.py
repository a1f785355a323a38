"""Files of questions that a model will be examined with, in the forms they are found in.

    .jsonl, .ndjson   one object a line: OpenAI `messages`, `prompt` and `completion`, Alpaca's `instruction`,
                      `input` and `output`, ShareGPT's `conversations`, or `question` and `answer`
    .json             an array of such objects
    .csv, .tsv        a header with the same names
    others            a question a line

A line that cannot be read is told with its number, and the others count.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from mainspring.core.errors import ConfigError

_ASKED: Final = ("question", "prompt", "instruction")
_ANSWERED: Final = ("answer", "completion", "output", "response")
_CHAT: Final = ("messages", "conversations")
_LEARNER: Final = frozenset(("assistant", "gpt", "chatgpt", "bot", "model"))
_SILENT: Final = frozenset(("system", "developer", "tool", "function", "observation", "function_call"))
_SEPARATORS: Final = {".csv": ",", ".tsv": "\t"}
_FORMS: Final = (
    "one of `messages`, `conversations`, `question`, `prompt` or `instruction` with text in it, as an object a line"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One task of an evaluation set."""

    set: str
    """Name of the file."""
    line: int
    """Where it stands there, from 1; its place in an array."""
    questions: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line of an evaluation set that says nothing that could be compared."""

    set: str
    line: int
    says: str


def read_items(path: Path) -> Iterator[Item | BrokenLine]:
    """Read an evaluation set, its broken lines included.

    Raises:
        ConfigError: The file cannot be read, or it is an array that is broken as a whole.
    """
    for line, row in _rows(path):
        if isinstance(row, BrokenLine):
            yield row
            continue
        questions, answers = _asked_and_answered(row)
        if any(question.strip() for question in questions):
            yield Item(path.name, line, questions, answers)
        else:
            yield BrokenLine(path.name, line, f"no question; a task needs {_FORMS}")


def _rows(path: Path) -> Iterator[tuple[int, object]]:
    """Give every row with its line: an object, a line of plain text, or what is wrong with it."""
    text = _text(path)
    match path.suffix.lower():
        case ".jsonl" | ".ndjson":
            for number, line in enumerate(text.split("\n"), 1):
                if line.strip():
                    yield number, _parsed(path, number, line)
        case ".json":
            yield from _array(path, text)
        case ".csv" | ".tsv" as suffix:
            yield from _table(path, text, _SEPARATORS[suffix])
        case _:
            yield from ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise ConfigError(
            f"evaluation set {str(path)!r} cannot be read ({error.strerror}); correct its path or leave it out"
        ) from error


def _parsed(path: Path, number: int, line: str) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return BrokenLine(path.name, number, f"no JSON: {error}")


def _array(path: Path, text: str) -> Iterator[tuple[int, object]]:
    try:
        rows = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"evaluation set {str(path)!r} is no JSON ({error}); mend it or leave it out") from error
    if not isinstance(rows, list):
        raise ConfigError(f"evaluation set {str(path)!r} is no JSON array; give an array, or a .jsonl file")
    yield from enumerate(rows, 1)


def _table(path: Path, text: str, separator: str) -> Iterator[tuple[int, object]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    known = {name.strip().lower() for name in reader.fieldnames or ()}
    if not known & {*_ASKED}:
        raise ConfigError(
            f"evaluation set {str(path)!r} has the columns {sorted(known)} and no question; "
            f"name the one that holds it {' or '.join(_ASKED)}"
        )
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield reader.line_num, BrokenLine(path.name, reader.line_num, f"no row of a table: {error}")
            continue
        if row is None:
            return
        yield reader.line_num, {name.strip().lower(): value for name, value in row.items() if name is not None}


def _asked_and_answered(row: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not isinstance(row, Mapping):
        return ((row,) if isinstance(row, str) else ()), ()
    for name in _CHAT:
        if isinstance(turns := row.get(name), list):
            return _from_turns(turns)
    asked = _values(row, _ASKED, is_learner=False)
    if isinstance(extra := row.get("input"), str) and extra.strip():
        asked = (*asked, extra)
    return asked, _values(row, _ANSWERED, is_learner=True)


def _values(row: Mapping[str, Any], names: tuple[str, ...], *, is_learner: bool) -> tuple[str, ...]:
    """Give the texts under some names; under `prompt` and `completion` TRL keeps messages, too."""
    found: list[str] = []
    for value in (row.get(name) for name in names):
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found += _from_turns(value)[is_learner]
    return tuple(found)


def _from_turns(turns: list[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    asked: list[str] = []
    answered: list[str] = []
    for turn in turns:
        if not isinstance(turn, Mapping):
            continue
        role = turn.get("role", turn.get("from"))
        if role not in _SILENT:
            (answered if role in _LEARNER else asked).extend(_words_of(turn.get("content", turn.get("value"))))
    return tuple(asked), tuple(answered)


def _words_of(content: object) -> Iterator[str]:
    """Give the text of a message, which may be a list of parts."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, Mapping))
        yield from (text for text in parts if isinstance(text, str))
    elif content is not None:
        yield json.dumps(content, ensure_ascii=False)
