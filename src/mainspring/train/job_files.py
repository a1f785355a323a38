"""Job files: a `Job` in TOML, as people write it. Paths in it are meant from the folder that it lies in."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import JsonValue, ValidationError

from mainspring.core.errors import ConfigError
from mainspring.train.job import Job

_PATHS: Final = ("data", "out", "rehearsal")


def read_job_file(path: Path) -> dict[str, JsonValue]:
    """Read what a job file says; what it leaves out is the job's usual.

    Raises:
        ConfigError: It cannot be read, or is no TOML.
    """
    try:
        values: dict[str, JsonValue] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"the job file {str(path)!r} cannot be read: {error}") from error
    for name in _PATHS:
        if isinstance(given := values.get(name), str):
            values[name] = str(path.parent / given)
    if isinstance(base := values.get("base"), str) and (path.parent / base).exists():
        values["base"] = str(path.parent / base)
    return values


def make_job(values: Mapping[str, object]) -> Job:
    """Make a job of values by name.

    Raises:
        ConfigError: One of them is missing, wrong or not known.
    """
    try:
        return Job.model_validate(values)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)]
        raise ConfigError(f"the job cannot be done as it is: {'; '.join(wrong)}") from error
