"""Files of JSON lines: read as a stream, written whole or not at all.

What it keeps true: a line that is not what it should be is an error that names the file and the line; only one line
is in memory at a time.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mainspring.core.disk import write_whole
from mainspring.core.errors import ConfigError

T = TypeVar("T", bound=BaseModel)


def read_lines(path: Path, form: type[T]) -> Iterator[T]:
    """Read a file of JSON lines, one after the other.

    Args:
        path: The file.
        form: What each line is.

    Raises:
        ConfigError: The file is missing, or a line is not of that form.
    """
    try:
        with path.open("rb") as file:
            for place, line in enumerate(file, start=1):
                if line.strip():
                    yield _read(line, form, f"{path.name!r}, line {place}", path)
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error


def json_line(value: BaseModel) -> bytes:
    """Write a value as one line of JSON."""
    return value.model_dump_json().encode() + b"\n"


def write_lines(path: Path, values: Iterable[BaseModel]) -> None:
    """Write a file of JSON lines, whole or not at all."""
    write_whole(path, (json_line(value) for value in values))


def _read(line: bytes, form: type[T], place: str, path: Path) -> T:
    try:
        return form.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        says = f"{where}: {first['msg']}" if where else first["msg"]
        raise ConfigError(
            f"{place} is no {form.__name__}: {says}; the file lies in {str(path.parent)!r}"
        ) from error
