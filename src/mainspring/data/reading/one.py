"""Reading one file in this process: opened without following links, bounded, looked at again when it was read."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from mainspring.data.document import Document
from mainspring.data.reading.choosing import reader_for, readers
from mainspring.data.reading.composing import digest_of
from mainspring.data.reading.language import language_of
from mainspring.data.reading.limits import Limits
from mainspring.data.reading.outcome import Outcome
from mainspring.data.reading.reader import Reader
from mainspring.data.reading.skipped import Skipped, Unreadable

_NO_LANGUAGE = frozenset({"code"})
"""Kinds of file whose words are not those of a language people speak."""


def read_bytes(
    raw: bytes, name: str, *, limits: Limits | None = None, known: Sequence[Reader] | None = None
) -> tuple[Document, ...]:
    """Give the documents of a file's bytes, read in this process, without its bounds of time and memory.

    Args:
        raw: The bytes.
        name: The name of the file, of which the end says what kind it is.
        limits: How long a text may be, and how many pages it may have.
        known: The readers to choose from; all of ours if not given.

    Raises:
        DocumentError: There is no text to be had; `Unreadable` has the reason.
    """
    limits = limits or Limits()
    reader = reader_for(raw, name, readers(limits) if known is None else known)
    documents = reader.read(raw, name)
    n_chars = sum(len(document.text) for document in documents)
    if n_chars > limits.text_chars:
        raise Unreadable(
            "too_large",
            f"the text of {name!r} has {n_chars:,} characters, more than {limits.text_chars:,}: part the file, or "
            "raise Limits(text_chars=...)",
        )
    return tuple(map(_with_language, documents))


def read_file(path: Path, name: str, known: Sequence[Reader], limits: Limits) -> Outcome:
    """Read a file in this process.

    Raises:
        DocumentError: There is no text to be had.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise Unreadable("unreadable", f"{name!r} cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise Unreadable("special", f"{name!r} is a pipe, a socket or a device, and not a file")
        if large := too_large(name, before.st_size, limits):
            raise Unreadable(large.reason, large.says)
        try:
            raw = file.read(limits.file_bytes + 1)
        except OSError as error:
            raise Unreadable("unreadable", f"{name!r} cannot be read: {error.strerror}") from error
        documents = read_bytes(raw, name, limits=limits, known=known)
        if _marks(before) != _marks(os.fstat(descriptor)) or len(raw) != before.st_size:
            raise Unreadable("changed", f"{name!r} changed while it was read: read it again when it rests")
    return Outcome(digest=digest_of(raw), documents=documents)


def too_large(name: str, size_bytes: int, limits: Limits) -> Skipped | None:
    """Say that a file is too large to be opened, if it is."""
    if size_bytes <= limits.file_bytes:
        return None
    is_too_large = f"{name!r} has {size_bytes:,} bytes, more than {limits.file_bytes:,}"
    says = f"{is_too_large}: part it, or raise Limits(file_bytes=...)"
    return Skipped(name=name, reason="too_large", says=says)


def _marks(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _with_language(document: Document) -> Document:
    if document.language or document.kind in _NO_LANGUAGE:
        return document
    return document.model_copy(update={"language": language_of(document.text)})
