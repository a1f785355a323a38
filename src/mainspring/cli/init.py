"""`mainspring init`: a small working project, written from the files in `scaffold/`."""

import shlex
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Final

import typer

from mainspring.cli.views.screen import ACCENT, Screen, results
from mainspring.core.errors import ConfigError

_SUFFIX: Final = ".txt"
"""Ends the name of every file of the scaffold, so that no tool takes it for code of this package."""


def init(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where to write it; made if it is not there.")] = ".",
) -> None:
    """Write a small working project: an agent with a tool, its prompt, its settings and its test.

    Files that are there already stay as they are.
    """
    with results() as out:
        target = Path(folder).expanduser()
        notes = Screen(stderr=True)
        for name, text in sorted(scaffold().items()):
            path = target / name
            if _write(path, text):
                out.line(str(path))
            else:
                notes.line(f"{path} is there already and stays as it is", style="yellow")
        steps = [f'mainspring run . "{_QUESTION}"', "python -m pytest"]
        if target.resolve() != Path.cwd():
            steps.insert(0, f"cd {shlex.quote(str(target))}")
        notes.line()
        for place, step in enumerate(steps):
            notes.say("" if place else "next", step, style=ACCENT)


_QUESTION: Final = "How many days from 2026-03-01 to 2026-12-24?"


def scaffold() -> dict[str, str]:
    """Give the scaffold's files: relative path to text."""
    found: dict[str, str] = {}
    _collect(files("mainspring.cli").joinpath("scaffold"), "", found)
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, str]) -> None:
    for item in folder.iterdir():
        if item.is_dir():
            _collect(item, f"{prefix}{item.name}/", found)
        elif item.name.endswith(_SUFFIX):
            found[prefix + item.name.removesuffix(_SUFFIX)] = item.read_text(encoding="utf-8")


def _write(path: Path, text: str) -> bool:
    """Write a file where there is none, and tell whether that was so.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        if not path.parent.is_dir():
            raise ConfigError(f"{str(path.parent)!r} is a file, not a folder; name another one") from None
        return False
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be written: {error.strerror or error}") from error
    return True
