"""What stands above the words of a prompt file: taken off, read and checked.

A file may say its version in its name (`NAME.vN.prompt.md`); front matter that says another one, or another name,
is refused. Every refusal names the file and the line.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from mainspring.core import JsonObject, Sampling
from mainspring.core.errors import ConfigError

_FENCE: Final = "---"
_VERSIONED: Final = re.compile(r"(?P<name>.+)\.v(?P<version>\d+)", re.DOTALL)


class FrontMatter(BaseModel):
    """What a prompt file says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    description: str = ""
    version: int | str = 1
    changes: str = ""
    """What is different from the version before, in a line."""
    model: str | None = None
    inputs: Mapping[str, str] = {}
    output: JsonObject | None = None
    sampling: Sampling = Sampling()


@dataclass(frozen=True, slots=True)
class Parts:
    """A prompt file in two: what it says of itself, and its words."""

    front: str
    """The lines between the fences; empty where there is no front matter."""
    body: str
    """The words, without blank lines around them."""
    body_line: int
    """The line of the file on which they begin, counted from 1."""


def read_parts(path: Path) -> Parts:
    """Read a prompt file and take its front matter off.

    Raises:
        ConfigError: It cannot be read, or its front matter is not closed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"prompt file {str(path)!r} cannot be read: {error}") from error
    if not text.startswith(f"{_FENCE}\n"):
        return _parts("", text, 1)
    head, fence, body = f"{text}\n".removeprefix(_FENCE).partition(f"\n{_FENCE}\n")
    if not fence:
        raise ConfigError(
            f"prompt file {str(path)!r}, line 1: the front matter is not closed; put a line {_FENCE!r} behind it"
        )
    return _parts(head.removeprefix("\n"), body, head.count("\n") + 3)


def front_matter(parts: Parts, path: Path) -> FrontMatter:
    """Read what a prompt file says of itself; its file's name says what it leaves out.

    Raises:
        ConfigError: It is not YAML, has fields that there are not, or says otherwise than the file's name.
    """
    import yaml

    head = f"\n{parts.front}"  # the fence is the first line
    try:
        fields: Any = yaml.safe_load(head) or {}
        front = FrontMatter.model_validate(fields)
    except yaml.YAMLError as error:
        raise ConfigError(f"prompt file {str(path)!r}: the front matter is not YAML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"line {_line_of(head, item['loc'])}, {'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors()
        )
        raise ConfigError(f"prompt file {str(path)!r}: the front matter is wrong: {problems}") from error
    return _named(front, head, path)


def _parts(front: str, body: str, line: int) -> Parts:
    blank = body[: len(body) - len(body.lstrip())]
    return Parts(front, body.strip(), line + blank.count("\n"))


def _named(front: FrontMatter, head: str, path: Path) -> FrontMatter:
    """Fill in what the file's name says, and check that the two agree."""
    stem = path.name.removesuffix(".md").removesuffix(".prompt")
    found = _VERSIONED.fullmatch(stem)
    if found is None:
        return front if front.name else front.model_copy(update={"name": stem})
    said: dict[str, int | str] = {"name": found["name"], "version": int(found["version"])}
    for field in front.model_fields_set & said.keys():
        if getattr(front, field) != said[field]:
            raise ConfigError(
                f"prompt file {str(path)!r}, line {_line_of(head, (field,))}: its {field} is "
                f"{getattr(front, field)!r}, and its file's name says {said[field]!r}; change one of them"
            )
    return front.model_copy(update=said)


def _line_of(head: str, place: Sequence[int | str]) -> int:
    """Give the line of the file on which a field stands, or what it would stand in."""
    import yaml

    node = yaml.compose(head, Loader=yaml.SafeLoader)
    line = 2
    for name in place:
        if not isinstance(node, yaml.MappingNode):
            break
        found = next(((key, value) for key, value in node.value if key.value == str(name)), None)
        if found is None:
            break
        key, node = found
        line = key.start_mark.line + 1
    return line
