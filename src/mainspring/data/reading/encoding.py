"""Bytes into text: marks first, then what is declared, then a sound guess.

Nothing is lost in silence: where bytes meant nothing in the encoding that was taken, the text has U+FFFD in their
place and a note says so.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from mainspring.data.reading.extra import data_extra

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES: Final = 1 << 16
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROLS_AT_MOST: Final = 0.01
"""Share of control characters in bytes that are text; files of programs have far more."""
_NOT_OF_FILES: Final = frozenset({"unicode_escape", "unicode-escape", "raw_unicode_escape", "punycode", "idna"})
"""Encodings of Python's that no file is in, though one may say so."""
_HALF_ZERO: Final = 0.35
"""Share of zero bytes, among those at even or at odd places, from which on text is UTF-16 without a mark."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and what is to be said about how it came to be."""

    text: str
    notes: tuple[str, ...] = ()


def decode(raw: bytes, declared: str = "") -> Decoded:
    """Give the text of bytes.

    Args:
        raw: The bytes.
        declared: The encoding that the file or its envelope names, empty where none is named.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _lenient(raw[len(mark) :], encoding)
    if encoding := _unmarked_utf16(raw):
        return _lenient(raw, encoding)
    text = _strict(raw, "utf-8")
    if text is None and declared and declared.lower() not in _NOT_OF_FILES:
        text = _strict(raw, declared)
    if text is not None:
        return Decoded(text)
    if cut := _only_its_end_is_cut(raw):
        return cut
    return _guessed(raw)


def is_text(raw: bytes) -> bool:
    """Whether bytes look like text in some encoding."""
    sample = raw[:_SAMPLE_BYTES]
    if any(sample.startswith(mark) for mark, _ in _MARKS) or _unmarked_utf16(sample):
        return True
    return 0 not in sample and len(_CONTROLS.findall(sample)) <= _CONTROLS_AT_MOST * len(sample)


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except (ValueError, LookupError):  # A name with a zero in it is a ValueError.
        return None


def _lenient(raw: bytes, encoding: str) -> Decoded:
    text = _strict(raw, encoding)
    if text is not None:
        return Decoded(text)
    text = raw.decode(encoding, errors="replace")
    n_lost = text.count("\ufffd")
    return Decoded(text, (f"{n_lost} places hold bytes that mean nothing in {encoding}",))


def _unmarked_utf16(raw: bytes) -> str:
    sample = raw[: _SAMPLE_BYTES & ~1]
    if len(sample) < 4 or 0 not in sample:
        return ""
    even, odd = sample[::2].count(0) / (len(sample) / 2), sample[1::2].count(0) / (len(sample) / 2)
    if odd > _HALF_ZERO and even < 0.01:
        return "utf-16-le"
    if even > _HALF_ZERO and odd < 0.01:
        return "utf-16-be"
    return ""


def _only_its_end_is_cut(raw: bytes) -> Decoded | None:
    """Give what a UTF-8 text says that ends, or was damaged, in few places."""
    text = raw.decode("utf-8", errors="replace")
    n_lost = text.count("\ufffd")
    n_beyond_ascii = sum(1 for _ in re.finditer(rb"[\xc2-\xf4]", raw))
    if n_lost and n_lost * 10 <= n_beyond_ascii - n_lost:
        return Decoded(text, (f"{n_lost} places hold bytes that are not UTF-8",))
    return None


def _guessed(raw: bytes) -> Decoded:
    with data_extra("texts in old encodings"):
        from charset_normalizer import from_bytes
    sample = raw if len(raw) <= _SAMPLE_BYTES else raw[:_SAMPLE_BYTES]
    best = from_bytes(sample).best()
    encoding = best.encoding if best is not None else "cp1252"
    if _strict(sample, encoding) == _strict(sample, "cp1252"):
        encoding = "cp1252"  # Where the sample cannot tell them apart, the one that is in use more.
    decoded = _lenient(raw, encoding)
    return Decoded(decoded.text, (f"the encoding is a guess: {encoding}", *decoded.notes))
