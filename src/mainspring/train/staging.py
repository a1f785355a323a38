"""A folder that is written beside its place and takes it when all of it is on the disk.

What it keeps true: whenever the program is cut off, the place holds the whole earlier folder, or the whole new one,
or does so again at the next writing.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        _sync(stage)
        if folder.exists():
            folder.rename(earlier)
        stage.rename(folder)
    finally:
        _restore(folder, earlier)
        shutil.rmtree(stage, ignore_errors=True)


def _restore(folder: Path, earlier: Path) -> None:
    """Put the earlier folder back where there is no new one, or remove it."""
    if not earlier.exists():
        return
    if folder.exists():
        shutil.rmtree(earlier, ignore_errors=True)
    else:
        earlier.rename(folder)


def _sync(folder: Path) -> None:
    """See that a folder and its files are on the disk; Windows has no handles on folders."""
    if os.name == "nt":
        return
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
