"""What the engine writes is on the disk when it says so, also after the power fails."""

import os
from pathlib import Path

from mainspring.train import whole


def write_whole(path: Path, text: str) -> None:
    """Write a file in one piece, and see that its name is on the disk, too."""
    whole.write_whole(path, [text.encode()])
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    _sync(folder)


def sync_files(folder: Path) -> None:
    """See that all that is in a folder is on the disk."""
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
