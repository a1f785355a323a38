"""A suite from its files: lines of JSON, with what is wrong in them told by file and line."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from mainspring.core import JsonObject, Sampling
from mainspring.core.errors import ConfigError
from mainspring.evals.case import DETERMINISTIC, Case, case_of
from mainspring.evals.controls import Control, control_of
from mainspring.evals.dataset import HELD_OUT, MARK, Decisions, cases_in, is_dataset_row
from mainspring.evals.outcome import Value
from mainspring.evals.scorers import SCORERS

SETTINGS: Final = "suite.toml"
CONTROLS: Final = "controls.jsonl"
_USUAL_SCORER: Final = "exact"
_USUAL_WORDS_SCORER: Final = "overlap"


class Settings(Value):
    """What a suite says of all its cases: `suite.toml`."""

    name: str = ""
    """The name of its file or folder if not given."""
    scorer: str = ""
    """Of cases that name none and whose fields tell none; `exact`, and for rows of a dataset `overlap`."""
    sampling: Sampling = Sampling()
    """How models pick their words; at temperature 0 unless said."""
    decisions: Decisions = "last"
    """Which messages of a dataset's rows become cases."""


@dataclass(slots=True)
class Files:
    """What was read: cases, controls for a judge, and what is wrong."""

    name: str
    sampling: Sampling
    cases: list[Case] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Each with its file and line."""


def read_files(path: Path, decisions: Decisions | None = None) -> Files:
    """Read a suite's file or folder; of a dataset's folder, the split that is held out.

    Args:
        path: A file of lines, or a folder of them.
        decisions: Instead of what the suite says.

    Raises:
        ConfigError: There is no such file, there are no cases in it, or its settings are wrong.
    """
    paths = _paths(path)
    settings = _settings(path / SETTINGS) if path.is_dir() else Settings()
    if decisions is not None:
        settings = settings.model_copy(update={"decisions": decisions})
    files = Files(
        settings.name or path.resolve().name.removesuffix(".jsonl"), settings.sampling.over(DETERMINISTIC)
    )
    for one in paths:
        for line, row in _rows(one, files.problems):
            try:
                files.cases += _cases(row, f"{one.name}:{line}", settings, files.sampling)
            except ValueError as error:
                files.problems.append(f"{one.name}:{line}: {error}")
    if path.is_dir() and (path / CONTROLS).is_file():
        for line, row in _rows(path / CONTROLS, files.problems):
            try:
                files.controls.append(control_of(row))
            except ValueError as error:
                files.problems.append(f"{CONTROLS}:{line}: {error}")
    files.problems += _repeated(files.cases)
    if not files.cases and not files.problems:
        raise ConfigError(f"there are no cases in {str(path)!r}; write one a line, as docs/evals.md shows")
    return files


def _cases(row: JsonObject, place: str, settings: Settings, sampling: Sampling) -> Iterator[Case]:
    rows = [row]
    if is_dataset_row(row):
        rows = list(cases_in(row, place, settings.decisions, settings.scorer or _USUAL_WORDS_SCORER))
    for one in rows:
        yield case_of(one, place, settings.scorer or _USUAL_SCORER, sampling)


def _paths(path: Path) -> Sequence[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ConfigError(
            f"there is no suite {str(path)!r}; name a file of JSON lines, a folder of them, or FILE.py:NAME"
        )
    is_dataset = (path / MARK).is_file()
    found = sorted(one for one in path.glob(HELD_OUT if is_dataset else "*.jsonl") if one.name != CONTROLS)
    if not found and is_dataset:
        raise ConfigError(f"the dataset in {str(path)!r} holds nothing out; build it with --validation 0.1")
    if not found:
        raise ConfigError(
            f"the folder {str(path)!r} has no .jsonl files; a suite has its cases in them, one a line"
        )
    return found


def _settings(path: Path) -> Settings:
    if not path.is_file():
        return Settings()
    try:
        settings = Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{str(path)!r}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if settings.scorer and settings.scorer not in SCORERS:
        raise ConfigError(f"{str(path)!r}: there is no scorer {settings.scorer!r}; there are {', '.join(SCORERS)}")
    return settings


def _rows(path: Path, problems: list[str]) -> Iterator[tuple[int, JsonObject]]:
    """Give the lines that are JSON objects; the others are problems."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row: Any = from_json(line)
        except ValueError as error:
            problems.append(f"{path.name}:{number}: it is not JSON: {error}")
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            problems.append(f"{path.name}:{number}: it is no JSON object")


def _repeated(cases: Sequence[Case]) -> Iterator[str]:
    known: set[str] = set()
    for case in cases:
        if case.id in known:
            yield f"two cases have the id {case.id!r}; give one of them another"
        known.add(case.id)
