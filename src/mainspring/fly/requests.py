"""What an agent is asked for a dataset: a JSONL file of requests, one a line."""

from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mainspring.core.errors import ConfigError


class Request(BaseModel):
    """One request."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1, pattern=r"^[\w.:-]+$")
    question: str = Field(min_length=1)


def read_requests(path: Path, tell: Callable[[str], None] | None = None) -> list[Request]:
    """Read a file of requests; lines that are none are told of and left out.

    Args:
        path: A JSONL file; of each line `id` and `question` count, whatever else is on it.
        tell: Is told of each line that is left out: the place, and what is wrong.

    Raises:
        ConfigError: It cannot be read, holds no request, or two have one id.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the requests in {str(path)!r} cannot be read: {error}") from error
    found: dict[str, Request] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            request = Request.model_validate_json(line)
        except ValidationError as error:
            if tell is not None:
                tell(f"{path}:{number}: {_problem(error)}")
            continue
        if request.id in found:
            raise ConfigError(f"{path}:{number}: a second request has the id {request.id!r}; give it another")
        found[request.id] = request
    if not found:
        raise ConfigError(f'{str(path)!r} holds no request; each line is like {{"id": "a-1", "question": "..."}}')
    return list(found.values())


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return ": ".join((*map(str, first["loc"]), first["msg"]))
