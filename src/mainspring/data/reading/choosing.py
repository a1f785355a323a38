"""Which reader a file is for: by its content where that is unmistakable, else by the end of its name."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from mainspring.data.reading.encoding import is_text
from mainspring.data.reading.limits import Limits
from mainspring.data.reading.reader import Reader
from mainspring.data.reading.readers import (
    CodeReader,
    CsvReader,
    DocxReader,
    HtmlReader,
    MailReader,
    MarkdownReader,
    PdfReader,
    TextReader,
)
from mainspring.data.reading.skipped import Unreadable

_PDF: Final = re.compile(rb"\A[\x00-\x20\xef\xbb\xbf]{0,1024}%PDF-")
_HTML: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_MAIL: Final = re.compile(rb"\A(?:From [^\n]+\d{4}\r?\n)?(?:[!-9;-~]{1,70}:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")
_MAIL_FIELDS: Final = re.compile(
    rb"^(?:from|received|return-path|message-id|mime-version):", re.IGNORECASE | re.MULTILINE
)
_HEAD_BYTES: Final = 1 << 16
_WORD_PART: Final = b"word/document.xml"
_BINARIES: Final = (
    (b"\x89PNG", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"RIFF", "sound, a film or an image"),
    (b"ID3", "sound (MP3)"),
    (b"PK\x03\x04", "an archive (ZIP), or a format that is one"),
    (b"\x1f\x8b", "compressed (gzip)"),
    (b"BZh", "compressed (bzip2)"),
    (b"\xfd7zXZ", "compressed (xz)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (RAR)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database (SQLite)"),
    (b"%!PS", "PostScript"),
    (b"{\\rtf", "rich text (RTF)"),
)
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_OF_TEXT: Final = frozenset({"html", "markdown", "text", "csv", "code", "mail"})


def readers(limits: Limits, own: Sequence[Reader] = ()) -> tuple[Reader, ...]:
    """Give the readers there are, those of the caller's own first."""
    return (
        *own,
        PdfReader(pages=limits.pages),
        DocxReader(unpacked_bytes=limits.unpacked_bytes),
        HtmlReader(),
        MarkdownReader(),
        TextReader(),
        CsvReader(),
        CodeReader(),
        MailReader(),
    )


def reader_for(raw: bytes, name: str, known: Sequence[Reader]) -> Reader:
    """Choose the reader of a file.

    Args:
        raw: The bytes of the file.
        name: Its name, of which the end counts.
        known: The readers to choose from; the first that fits is taken.

    Raises:
        Unreadable: None of them is for it.
    """
    suffix = PurePosixPath(name).suffix.lower()
    by_suffix = next((reader for reader in known if suffix in reader.suffixes), None)
    by_kind = {reader.kind: reader for reader in reversed(known)}
    kind = _kind_of(raw)
    if by_suffix is not None and not _lies(by_suffix.kind, kind):
        return by_suffix
    if kind not in by_kind:
        raise Unreadable("unknown", f"{name!r} is {_what(raw)}: nothing here reads that")
    return by_kind[kind]


def _lies(said: str, kind: str) -> bool:
    """Whether what a file's name says of it cannot be.

    Args:
        said: The kind that the end of the name stands for.
        kind: What the bytes are; a name that is more exact than that is right.
    """
    if said in _OF_TEXT:
        return kind in {"pdf", "docx", "binary"} or (said == "text" and kind in {"html", "mail"})
    # A page that says that a file was not found is often saved under the name of the file.
    return said in {"pdf", "docx"} and kind in {"pdf", "docx", "html"} and said != kind


def _kind_of(raw: bytes) -> str:
    """Say what bytes unmistakably are; `text` for text of any kind, `binary` for all else."""
    head = raw[:_HEAD_BYTES]
    if _PDF.match(head):
        return "pdf"
    if (head.startswith(b"PK\x03\x04") and _WORD_PART in raw) or head.startswith(_OLD_OFFICE):
        return "docx"
    if not is_text(head) or head.startswith((b"%!PS", b"{\\rtf")):
        return "binary"
    if _HTML.match(head):
        return "html"
    if (match := _MAIL.match(head)) and _MAIL_FIELDS.search(match[0]):
        return "mail"
    return "text"


def _what(raw: bytes) -> str:
    return next((words for magic, words in _BINARIES if raw.startswith(magic)), "not text")
