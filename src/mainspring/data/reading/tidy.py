r"""One form for all text, given before any offset is taken.

What comes out is NFC; its lines end with `\n` and with nothing blank before it; there are no control characters
but tabs, no lone surrogates, no byte order marks, and never more than two line ends in a row. Giving it the form
again changes nothing.
"""

import re
import unicodedata
from typing import Final

_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\ufffe\uffff]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
# A run of blanks is tried from its beginning only, or long ones would take the square of their length.
_BLANKS: Final = re.compile(r"(?<![^\S\n])[^\S\n]++$", re.MULTILINE)
_GAPS: Final = re.compile("\n{3,}")


def tidy(text: str) -> str:
    """Give a text its one form; blank lines at both ends go, the first line keeps its indentation."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))
    text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)  # A character that went may have stood between two that join.
    return _GAPS.sub("\n\n", _BLANKS.sub("", text)).strip("\n")


def one_line(text: str) -> str:
    """Give a text its one form on one line, for titles and cells."""
    return " ".join(tidy(text).split())
