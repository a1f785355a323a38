"""Real files for the tests of reading, made of nothing: PDF with and without encryption, DOCX, a zip bomb."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import docx

_PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_ID = b"0123456789abcdef"
_MAY = (-4).to_bytes(4, "little", signed=True)


@dataclass(frozen=True, slots=True)
class Words:
    """Words on a page, in points from the lower left corner."""

    text: str
    x: float = 72
    y: float = 700
    size: float = 11


def lines(*texts: str, top: float = 700, step: float = 14, x: float = 72, size: float = 11) -> list[Words]:
    """Set lines under each other."""
    return [Words(text, x, top - place * step, size) for place, text in enumerate(texts)]


def make_pdf(
    pages: Sequence[Sequence[Words]], *, bookmarks: Sequence[tuple[str, int]] = (), password: str | None = None
) -> bytes:
    """Make a PDF; bookmarks are titles with pages from 0, and a password encrypts it with RC4."""
    first = 4
    kids = " ".join(f"{first + 2 * place} 0 R" for place in range(len(pages)))
    outline = first + 2 * len(pages)
    catalog = f"<< /Type /Catalog /Pages 2 0 R{f' /Outlines {outline} 0 R' if bookmarks else ''} >>"
    objects: dict[int, tuple[str, bytes | None]] = {
        1: (catalog, None),
        2: (f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>", None),
        3: ("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", None),
    }
    for place, page in enumerate(pages):
        number = first + 2 * place
        boxes = "/MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
        objects[number] = (f"<< /Type /Page /Parent 2 0 R {boxes} /Contents {number + 1} 0 R >>", None)
        objects[number + 1] = ("", b"\n".join(map(_drawn, page)))
    for place, (title, page_number) in enumerate(bookmarks):
        number = outline + 1 + place
        target = f"/Dest [{first + 2 * page_number} 0 R /XYZ 0 792 0]"
        following = f" /Next {number + 1} 0 R" if place + 1 < len(bookmarks) else ""
        objects[number] = (f"<< /Title ({title}) /Parent {outline} 0 R {target}{following} >>", None)
    if bookmarks:
        ends = f"/First {outline + 1} 0 R /Last {outline + len(bookmarks)} 0 R"
        objects[outline] = (f"<< /Type /Outlines {ends} /Count {len(bookmarks)} >>", None)
    return _written(objects, password)


def make_docx(path: Path, *paragraphs: str) -> None:
    """Make a Word document of paragraphs."""
    document = docx.Document()
    for words in paragraphs:
        document.add_paragraph(words)
    document.save(str(path))


def make_zip_bomb(path: Path, size_bytes: int) -> None:
    """Make a Word document whose body unpacks to zeros of that size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            for _ in range(size_bytes >> 20):
                part.write(bytes(1 << 20))


def _drawn(words: Words) -> bytes:
    text = words.text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F1 %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET" % (words.size, words.x, words.y, text)


def _written(objects: dict[int, tuple[str, bytes | None]], password: str | None) -> bytes:
    file = io.BytesIO(b"%PDF-1.4\n")
    file.seek(0, io.SEEK_END)
    key, owner, user = _keys(password or "")
    offsets = {}
    for number, (words, stream) in sorted(objects.items()):
        offsets[number] = file.tell()
        body = words.encode("latin-1")
        if stream is not None:
            own_key = hashlib.md5(key + number.to_bytes(3, "little") + b"\0\0").digest()[:10]  # noqa: S324
            content = stream if password is None else _rc4(own_key, stream)
            body = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = file.tell()
    count = max(objects) + 1
    file.write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    for number in range(1, count):
        file.write(b"%010d 00000 n \n" % offsets[number])
    secret = b""
    if password is not None:
        marks = (owner.hex().encode(), user.hex().encode(), _ID.hex().encode(), _ID.hex().encode())
        secret = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<%s> <%s>]" % marks
    file.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (count, secret, table))
    return file.getvalue()


def _keys(password: str) -> tuple[bytes, bytes, bytes]:
    """Give the key of the file, its owner's mark and its user's, as the standard's second revision has them."""
    padded = (password.encode() + _PAD)[:32]
    owner = _rc4(hashlib.md5((b"owner" + _PAD)[:32]).digest()[:5], padded)  # noqa: S324
    key = hashlib.md5(padded + owner + _MAY + _ID).digest()[:5]  # noqa: S324
    return key, owner, _rc4(key, _PAD)


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    other = 0
    for place in range(256):
        other = (other + state[place] + key[place % len(key)]) % 256
        state[place], state[other] = state[other], state[place]
    one = other = 0
    out = bytearray()
    for byte in data:
        one = (one + 1) % 256
        other = (other + state[one]) % 256
        state[one], state[other] = state[other], state[one]
        out.append(byte ^ state[(state[one] + state[other]) % 256])
    return bytes(out)
