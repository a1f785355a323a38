"""Files and folders that are written whole or not at all.

What it keeps true: whatever has its own name is complete and on the disk, as it gets that name last; whenever the
program or the power is cut off, what was there before is there still, or again at the next writing.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write into, which gets its name when everything is on the disk.

    Args:
        path: What the file is to be called; what is there stays until then, and where writing fails.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file piece by piece, and see that its name is on the disk, too; its folder is made.

    Raises:
        OSError: It cannot be written; what was there before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.writelines(pieces)
    sync_folder(path.parent)


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into, which takes the place of `folder` at the end.

    Where the block fails, what was there before stays, and nothing of the new one is left. One at a time may write.
    """
    stage, earlier = folder.with_name(f".{folder.name}.writing"), folder.with_name(f".{folder.name}.earlier")
    _restore(folder, earlier)
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    try:
        yield stage
        sync_files(stage)
        if folder.exists():
            folder.rename(earlier)
        stage.rename(folder)
    finally:
        _restore(folder, earlier)
        shutil.rmtree(stage, ignore_errors=True)


def sync_files(folder: Path) -> None:
    """See that all that is in a folder is on the disk."""
    for path in folder.rglob("*"):
        _sync(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    _sync(folder)


def _restore(folder: Path, earlier: Path) -> None:
    """Put the earlier folder back where there is no new one, or remove it."""
    if not earlier.exists():
        return
    if folder.exists():
        shutil.rmtree(earlier, ignore_errors=True)
    else:
        earlier.rename(folder)


def _sync(path: Path) -> None:
    """See that a file, or the names in a folder, are on the disk; Windows has no handles on folders."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
