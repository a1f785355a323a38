"""E-mail: single messages and mailboxes, one document for each message, without what it quotes.

Headers are decoded here and not by the library's newer policy, which fails in many ways on headers that break the
rules.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Final

from mainspring.core.errors import DocumentError
from mainspring.data.document import Document
from mainspring.data.reading.composing import LINE, Composer, digest_of
from mainspring.data.reading.encoding import decode
from mainspring.data.reading.readers.html import HtmlReader
from mainspring.data.reading.skipped import Unreadable, no_text
from mainspring.data.reading.tidy import one_line, tidy

_POSTMARK: Final = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\r\n\r\n))From [^\n]+\n")
_ESCAPED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
"""Lines that would begin a message are marked so in a mailbox."""
_SHOWN: Final = ("From", "To", "Date")
_ATTRIBUTION: Final = re.compile(
    r"^(?:On|Am|Le|El|Il|Em|Op)\b[^\n]{3,200}(?:\n[^\n]{0,100})?"
    r"(?:wrote|schrieb[^\n:]*|a écrit|escribió|ha scritto|escreveu|schreef[^\n:]*)[ \t]*:[ \t]*\n+(?=>)",
    re.MULTILINE,
)
_QUOTED: Final = re.compile(r"^>.*\n?", re.MULTILINE)
_FORWARDED: Final = re.compile(
    r"^(?:-{3,} ?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|"
    r"Messaggio originale|Mensagem original|Oorspronkelijk bericht) ?-{3,}|_{20,})\s*$.*",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_SIGNATURE: Final = re.compile(r"^--[ ]?\n.*", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class MailReader:
    """Reads `.eml` and `.mbox`."""

    kind: str = "mail"
    suffixes: frozenset[str] = frozenset({".eml", ".mbox", ".mbx"})

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give a document for each message; those of a mailbox are named `box.mbox#1` and so on."""
        if _POSTMARK.match(raw) is None:
            return [self._message(raw, name)]
        documents: list[Document] = []
        n_silent = 0
        for place, message in enumerate(_messages(raw), start=1):
            try:
                documents.append(self._message(message, f"{name}#{place}"))
            except DocumentError:
                n_silent += 1
        if not documents:
            raise no_text(name)
        if n_silent:
            note = f"{n_silent} other messages of the mailbox hold no text"
            documents[0] = documents[0].model_copy(update={"notes": (*documents[0].notes, note)})
        return documents

    def _message(self, raw: bytes, name: str) -> Document:
        try:
            message = message_from_bytes(raw)
            composer = Composer()
            body = _body(message, composer)
        except (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, DocumentError):
                raise
            raise Unreadable("broken", f"{name!r} is not a mail that can be parsed: {error}") from error
        if not body:
            raise no_text(name)
        composer.title = _header(message, "Subject")
        if composer.title:
            composer.heading(composer.title, 1)
        for key in _SHOWN:
            if value := _header(message, key):
                composer.add(f"{key}: {value}", LINE)
        composer.add(body)
        return composer.document(kind=self.kind, name=name, digest=digest_of(raw))


def own_words(text: str) -> str:
    """Drop what a reply quotes, and the signature."""
    for pattern in (_FORWARDED, _ATTRIBUTION, _QUOTED, _SIGNATURE):
        text = pattern.sub("", text)
    return tidy(text)


def _messages(raw: bytes) -> Iterator[bytes]:
    marks = list(_POSTMARK.finditer(raw))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        message = raw[mark.end() : following.start() if following else None]
        yield _ESCAPED.sub(rb"\1", message)


def _header(message: "Message[str, str]", name: str) -> str:
    value = message.get(name, "")
    try:
        return one_line(str(make_header(decode_header(value))))
    except (HeaderParseError, LookupError, ValueError, TypeError):
        return one_line(str(value).encode(errors="replace").decode())


def _body(message: "Message[str, str]", composer: Composer) -> str:
    """Give the words of a message: plain text where there is some, else what its HTML says."""
    plain: list[str] = []
    html: list[str] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        name, kind = part.get_filename(), part.get_content_type()
        if name or part.get_content_disposition() == "attachment":
            composer.notes.append(f"the attachment {one_line(str(name or kind))!r} is not read")
            continue
        if kind not in {"text/plain", "text/html"}:
            continue
        content = part.get_payload(decode=True)
        decoded = decode(content if isinstance(content, bytes) else b"", str(part.get_content_charset() or ""))
        composer.notes += decoded.notes
        (plain if kind == "text/plain" else html).append(decoded.text)
    words = own_words(tidy("\n\n".join(plain)))
    return words or own_words("\n\n".join(_html_words(one) for one in html))


def _html_words(html: str) -> str:
    try:
        return HtmlReader().read(html.encode(errors="replace"), "mail")[0].text
    except DocumentError:
        return ""
