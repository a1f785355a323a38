"""Word documents: the body in its own order, headings by their styles, lists, tables and footnotes."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from mainspring.data.document import Document
from mainspring.data.reading.composing import Composer, digest_of
from mainspring.data.reading.extra import data_extra
from mainspring.data.reading.limits import Limits
from mainspring.data.reading.packed import checked_parts
from mainspring.data.reading.skipped import Unreadable

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class DocxReader:
    """Reads DOCX."""

    kind: str = "docx"
    suffixes: frozenset[str] = frozenset({".docx"})
    unpacked_bytes: int = Limits().unpacked_bytes
    """What a file may say that it unpacks to."""

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the document of a Word file."""
        if raw.startswith(_OLD_OFFICE):
            raise _not_a_package(raw, name)
        if "word/document.xml" not in checked_parts(raw, name, unpacked_bytes=self.unpacked_bytes):
            raise Unreadable("broken", f"{name!r} is an archive without a Word document in it")
        with data_extra("Word documents"):
            from mainspring.data.reading.word import compose_word
        composer = Composer()
        try:
            word = _opened(raw)
            compose_word(word, composer)
            composer.title = word.core_properties.title or ""
        except MemoryError:
            raise
        except Exception as error:  # python-docx has no errors of its own for most of what is wrong.
            raise Unreadable(
                "broken", f"{name!r} is a damaged Word document: {type(error).__name__}: {error}"
            ) from error
        return [composer.document(kind=self.kind, name=name, digest=digest_of(raw))]


def _opened(raw: bytes) -> "WordDocument":
    import docx

    return docx.Document(BytesIO(raw))


def _not_a_package(raw: bytes, name: str) -> Unreadable:
    if _ENCRYPTED_PART in raw:
        return Unreadable("encrypted", f"{name!r} is encrypted: save it without a password")
    return Unreadable("unknown", f"{name!r} is in the binary format of old Office versions: save it as DOCX or PDF")
