"""The files of a dataset, line by line: what can be learnt from, and what is wrong with the rest.

A dataset is a folder with `train-*.jsonl` and maybe `validation-*.jsonl`, or one JSONL file. A broken line is named
by its file and its place, and the others are taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mainspring.core.errors import ConfigError
from mainspring.train.folder import Row, Split
from mainspring.train.rows.forms import Dialogue, read_dialogue
from mainspring.train.rows.wording import Wording


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that cannot be learnt from."""

    place: str
    """The file and the line, counted from 1: `train-00000.jsonl:17`."""
    says: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A row, and what it answers."""

    row: Row
    question: str
    """The user's first words, by which rows are held out."""


@dataclass(frozen=True, slots=True)
class Side:
    """One split of a dataset, read."""

    rows: tuple[Asked, ...]
    broken: tuple[Broken, ...]


def shards(data: Path, split: Split) -> list[Path]:
    """Give the files of a split; one file alone is all of `train`.

    Raises:
        ConfigError: There is nothing to train on.
    """
    if data.is_file():
        return [data] if split == "train" else []
    found = sorted(data.glob(f"{split}-*.jsonl")) or sorted(data.glob(f"{split}.jsonl"))
    if not found and split == "train":
        raise ConfigError(
            f"{str(data)!r} is no dataset: there is no `train-*.jsonl` in it; give the folder that "
            "`mainspring data` wrote, or a JSONL file"
        )
    return found


def read_side(data: Path, split: Split, wording: Wording, *, prefix: str = "") -> Side:
    """Read a split.

    Args:
        data: The dataset.
        split: Which.
        wording: Puts its lines into words.
        prefix: Stands before each row's id.

    Raises:
        ConfigError: A file cannot be read, or all of its lines are broken.
    """
    rows, broken = list[Asked](), list[Broken]()
    for path in shards(data, split):
        for place, line in _lines(path):
            try:
                dialogue = read_dialogue(line)
                row = wording.row(f"{prefix}{path.name}:{place}", dialogue)
            except ValueError as error:
                broken.append(Broken(f"{path.name}:{place}", str(error)))
            else:
                rows.append(Asked(row, _question(dialogue)))
    if broken and not rows:
        raise ConfigError(
            f"no line of {str(data)!r} can be learnt from; the first of {len(broken)}, {broken[0].place}: "
            f"{broken[0].says}"
        )
    return Side(tuple(rows), tuple(broken))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for place, line in enumerate(file, start=1):
                if line.strip():
                    yield place, line
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error


def _question(dialogue: Dialogue) -> str:
    return next((message.text for message in dialogue.messages if message.role == "user"), "")
