"""Where model files lie on disk, and how one process at a time writes them.

    <cache>/models/<sha256>/<readable name>        the file, whole and checked
    <cache>/models/<sha256>/<readable name>.part   bytes of a download that has not ended
    <cache>/models/<sha256>/verified               size and time of the file when its hash was last checked
    <cache>/models/<sha256>/lock                   held while somebody writes here

What it keeps true: the file's name shows bytes with the right hash or nothing; a half-written file is only ever
called `.part`.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainspring.models.cache import cache_dir
from mainspring.models.files.catalog import CatalogEntry

CHUNK_BYTES = 1 << 20
"""How much is read, hashed and written at a time."""


def target(entry: CatalogEntry, folder: Path | None = None) -> Path:
    """Say where the entry's file lies, or would lie; putting it there by hand is as good as a download."""
    return (folder or cache_dir()) / "models" / entry.sha256 / entry.file


def part_of(path: Path) -> Path:
    """Name the unfinished form of the file at `path`."""
    return path.with_name(path.name + ".part")


def is_whole(entry: CatalogEntry, path: Path, *, verify: bool = False) -> bool:
    """Say whether `path` holds the entry's bytes, hashing them only if that was not done since it changed.

    Args:
        entry: What should be there.
        path: Where to look.
        verify: Hash the bytes whatever was noted earlier.
    """
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if state.st_size != entry.size_bytes:
        return False
    if not verify and _noted(path) == f"{state.st_size} {state.st_mtime_ns}":
        return True
    if hash_of(path).hexdigest() != entry.sha256:
        path.with_name("verified").unlink(missing_ok=True)
        return False
    note_verified(path)
    return True


def note_verified(path: Path) -> None:
    """Note that the bytes at `path` were hashed just now and found right."""
    state = path.stat()
    with contextlib.suppress(OSError):  # a cache that cannot be written is hashed again the next time
        path.with_name("verified").write_text(f"{state.st_size} {state.st_mtime_ns}", encoding="ascii")


def _noted(path: Path) -> str:
    try:
        return path.with_name("verified").read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def hash_of(path: Path) -> "hashlib._Hash":
    """Hash the bytes at `path` with SHA-256; the hash can be fed further bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the only right to write beside `path`, waiting for whoever has it; a dead holder has let go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name("lock").open("a+b") as lock:
        _take(lock.fileno())
        try:
            yield
        finally:
            _release(lock.fileno())


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds; a download may take longer than that.
                continue
            return

    def _release(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
