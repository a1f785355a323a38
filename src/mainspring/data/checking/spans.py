"""Whether what rows cite stands in the documents, at the offsets they say.

What it keeps true: only files inside of `texts/` are opened, whatever a row says; a text is read once for rows of
one document that follow one another.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mainspring.data.checking.findings import Collected
from mainspring.data.example import Span
from mainspring.data.writing import DocumentRow, ProvenanceRow
from mainspring.data.writing.folder import TEXTS

_CHECK: Final = "spans"
_MAX_TEXTS: Final = 8
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,128}")


class SpanCheck:
    """Checks the spans of rows.

    Args:
        folder: The folder of the dataset.
        documents: What it keeps of its documents.
        found: Where to say what is wrong.
    """

    def __init__(self, folder: Path, documents: Mapping[str, DocumentRow], found: Collected) -> None:
        self._folder = folder / TEXTS
        self._documents = documents
        self._found = found
        self._texts: OrderedDict[str, str | None] = OrderedDict()

    def look(self, row: ProvenanceRow) -> None:
        """Check the spans of a row."""
        for span in row.spans:
            document = self._documents.get(span.document)
            if document is None:
                self._found.error(_CHECK, f"it cites the document {span.document!r}, which is not kept", row.row)
                continue
            if document.split != row.split:
                says = f"a row of {row.split!r} cites {document.name!r}, which is in {document.split!r}"
                self._found.error("leakage", says, row.row)
            text = self._text(document)
            problem = "" if text is None else _problem(span, text)
            if problem:
                self._found.error(_CHECK, f"{problem} in {document.name!r}", row.row)

    def _text(self, document: DocumentRow) -> str | None:
        """Give the text of a document; what is wrong with it is said once for rows that follow one another."""
        if document.id not in self._texts:
            self._texts[document.id] = self._read(document)
            if len(self._texts) > _MAX_TEXTS:
                self._texts.popitem(last=False)
        self._texts.move_to_end(document.id)
        return self._texts[document.id]

    def _read(self, document: DocumentRow) -> str | None:
        name = f"{TEXTS}/{document.id}.txt"
        if not _ID.fullmatch(document.id):
            self._found.error(_CHECK, f"the document {document.name!r} has the id {document.id!r}, which is none")
            return None
        try:
            data = (self._folder / f"{document.id}.txt").read_bytes()
            text = data.decode(errors="surrogatepass")
        except (OSError, UnicodeDecodeError) as error:
            self._found.error(_CHECK, f"the text of {document.name!r} cannot be read: {error}", name)
            return None
        if hashlib.sha256(f"{document.kind}\0".encode() + data).hexdigest() != document.id:
            self._found.error(_CHECK, f"the text is not that of which {document.name!r} has its id", name)
        return text


def _problem(span: Span, text: str) -> str:
    where = f"from {span.start:,} to {span.end:,}"
    if not 0 <= span.start < span.end <= len(text):
        return f"there is no text {where}"
    if text[span.start : span.end] != span.quote:
        return f"the text {where} is not what is quoted"
    return ""
