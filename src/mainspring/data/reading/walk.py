"""The files below a folder in the order of their names; what cannot be read is reported, and nothing is opened.

No link is followed, so every file is met once, and nothing outside the folder is ever read. Hidden files and
folders are left out, and so are folders of what tools have installed or made.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.data.reading.skipped import Skipped

FACTS_FILE: Final = "documents.toml"
"""What the folder says of its documents; it is none itself."""
_LEFT_OUT: Final = frozenset({"node_modules", "__pycache__", "Thumbs.db", "desktop.ini"})
_LEFT_OUT_STARTS: Final = (".", "~$")
"""Hidden files, and the locks that Office leaves beside an open file."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there to be read."""

    name: str
    """Its path below the folder, with `/`."""
    path: Path
    size_bytes: int


def walk(root: Path) -> Iterator[Found | Skipped]:
    """Give the files below a folder, or the one file.

    Raises:
        ConfigError: There is nothing of that name.
    """
    if root.is_file():
        yield _file(root.name, root, root.stat())
    elif root.is_dir():
        yield from _folder(root.resolve(), root, "")
    else:
        raise ConfigError(f"there is no file or folder {str(root)!r}")


def _folder(root: Path, folder: Path, prefix: str) -> Iterator[Found | Skipped]:
    try:
        with os.scandir(folder) as listing:
            entries = [entry for entry in listing if not _is_left_out(entry.name, prefix)]
        # With its `/`, a folder sorts among its neighbours as the paths of its files do.
        entries.sort(key=lambda entry: entry.name + "/" * entry.is_dir(follow_symlinks=False))
    except OSError as error:
        yield Skipped(name=_shown(prefix) or ".", reason="unreadable", says=f"the folder cannot be read: {error}")
        return
    for entry in entries:
        name = prefix + entry.name
        if entry.is_symlink():
            yield _link(root, Path(entry.path), name)
        elif entry.is_dir(follow_symlinks=False):
            yield from _folder(root, Path(entry.path), f"{name}/")
        else:
            yield _entry(entry, name)


def _is_left_out(name: str, prefix: str) -> bool:
    return name.startswith(_LEFT_OUT_STARTS) or name in _LEFT_OUT or (not prefix and name == FACTS_FILE)


def _entry(entry: os.DirEntry[str], name: str) -> Found | Skipped:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return Skipped(name=_shown(name), reason="unreadable", says=f"the file cannot be looked at: {error}")
    return _file(name, Path(entry.path), status)


def _file(name: str, path: Path, status: os.stat_result) -> Found | Skipped:
    shown = _shown(name)
    if shown != name:
        return Skipped(name=shown, reason="name", says="its name is not UTF-8: rename it")
    if not stat.S_ISREG(status.st_mode):
        return Skipped(name=name, reason="special", says="it is a pipe, a socket or a device, and not a file")
    if not status.st_size:
        return Skipped(name=name, reason="empty", says="the file is empty")
    return Found(name, path, status.st_size)


def _link(root: Path, path: Path, name: str) -> Skipped:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # Python before 3.13 raises the latter for a link that leads to itself.
        says = "the link leads nowhere, or to itself"
    else:
        if path.is_relative_to(target) or root.is_relative_to(target):
            says = "the link leads back to a folder that it is in: it is not followed"
        elif target.is_relative_to(root):
            says = f"the link leads to {str(target.relative_to(root))!r}, which is read where it is"
        else:
            says = "the link leads out of the folder: links are not followed, copy what it leads to"
    return Skipped(name=_shown(name), reason="link", says=says)


def _shown(name: str) -> str:
    """Write a name with all that is not UTF-8 in it spelled out."""
    return os.fsencode(name).decode(errors="backslashreplace")
