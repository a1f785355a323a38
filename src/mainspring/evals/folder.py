"""The folder of results: `SUITE/MODEL-TIME.jsonl`, a file for each time a model was held to a suite."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.evals.kept import Header, Kept, read_kept

DEFAULT: Final = Path("evals")
_UNFIT: Final = re.compile(r"[^A-Za-z0-9.@]+")


class Results:
    """A folder of results.

    Args:
        path: Where.
    """

    def __init__(self, path: Path = DEFAULT) -> None:
        self.path = path

    def all(self) -> list[Kept]:
        """Give all results, the newest last; files that are none are passed over."""
        return sorted(self._readable(), key=lambda kept: (kept.header.at, kept.path.name))

    def of(self, work: Header) -> Kept | None:
        """Give the newest result of the same work; None where there is none."""
        return next((kept for kept in reversed(self.all()) if kept.header.is_same_work(work)), None)

    def place(self, work: Header) -> Path:
        """Give the file for work that begins: that of the newest result where it was cut off, another one else."""
        found = self.of(work)
        if found is not None and not found.is_complete:
            return found.path
        at = datetime.fromisoformat(work.at).strftime("%Y%m%d-%H%M%S")
        prompt = f"-{_slug(work.prompt.split()[0])}" if work.prompt else ""
        stem = f"{_slug(work.model)}{prompt}-{at}"
        paths = (
            self.path / _slug(work.suite) / f"{stem}{more}.jsonl"
            for more in ("", *map("-{}".format, range(2, 1000)))
        )
        return next(path for path in paths if not path.exists())

    def named(self, name: str) -> Kept:
        """Give the result that a person means: a file, a part of its name, or a model, of which the newest.

        Raises:
            ConfigError: There is none of that name.
        """
        if Path(name).is_file():
            return read_kept(Path(name))
        known = self.all()
        for kept in reversed(known):
            if name in (kept.header.model, kept.path.stem, f"{kept.path.parent.name}/{kept.path.stem}"):
                return kept
        if found := [kept for kept in known if name in f"{kept.path.parent.name}/{kept.path.stem}"]:
            return found[-1]
        raise ConfigError(
            f"there are no results {name!r} in {str(self.path)!r}; mainspring eval list shows what there is"
        )

    def _readable(self) -> Iterator[Kept]:
        for path in self.path.glob("*/*.jsonl"):
            try:
                yield read_kept(path)
            except ConfigError:
                continue


def _slug(name: str) -> str:
    return _UNFIT.sub("-", name).strip("-.") or "unnamed"
