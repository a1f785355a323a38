"""Telephone numbers: international ones, some national forms, and any behind a word that says so.

Digits alone are no telephone number. A national one needs separators where its country writes them, so that dates
(01.02.2023), ISBNs (978-3-16-148410-0), ISSNs (0317-8471) and amounts (1 234 567) are left alone.
"""

import re
from collections.abc import Iterator
from typing import Final

_GAP: Final = r"[ \u00a0./()\u2010-\u2013-]"
_ABROAD: Final = re.compile(rf"(?<![\w+.,])(?:\+|00)([1-9](?:{_GAP}{{0,3}}\d){{6,16}})(?!\w|[.,]\d)", re.ASCII)
_COUNTRY: Final = re.compile(
    r"1(?=[2-9])|7(?=[3-9])|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-689]\d|3[578]\d|42\d|50\d|59\d|6[7-9]\d|8[0578]\d|9[679]\d"
)
"""Country codes of ITU-T E.164."""
_WITH_ZERO: Final = frozenset(("39", "378", "379"))
"""Italy's numbers begin with their 0 also from abroad."""
_NATIONAL: Final = re.compile(
    r"(?<![\w.,/+-])(?<!\d )(?:"
    r"(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}([.-]))[2-9]\d{2}(?(1)\1|[ .-])\d{4}"  # North America
    r"|0[1-9](?:([ .-])\d{2})(?:\2\d{2}){3}"  # France: five pairs
    r"|\(0\d{1,5}\) ?\d{3,8}(?:[ -]\d{2,6}){0,3}"  # area code in brackets
    r"|(?!0\d{4}-\d{4}(?!\d))0[1-9]\d{1,4}[ /-]\d{3,8}(?:[ -]\d{2,6}){0,3}"  # area code with its 0, but no ZIP+4
    r")(?!\w|[.,/-]\d)",
    re.ASCII,
)
_AFTER_WORD: Final = re.compile(
    r"(?<!\w)(?:tel(?:e(?:phone|fon|fono|fone|fax))?|téléphone|teléfono|móvil|mobile|mobil|handy|cell(?:phone)?|phone|"
    r"fax|whatsapp|телефон|тел|电话|電話|手机|☎\ufe0f?|📞)"
    r"(?:\s*(?:number|nummer|no|nr|num|n°|#))?\s{0,3}[.:：]{0,2}\s{0,3}(?:is\s|ist\s|est\s)?"
    rf"(\(?\d(?:{_GAP}{{0,2}}\d){{6,14}})(?!\w|[.,]\d)",
    re.IGNORECASE,
)
_MIN_DIGITS: Final = 7
_MIN_NATIONAL_DIGITS: Final = 9
_MIN_UNGROUPED_DIGITS: Final = 10
_MAX_DIGITS: Final = 15
"""Of an international number (ITU-T E.164)."""


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Find telephone numbers."""
    for found in _ABROAD.finditer(text):
        if _is_abroad(found[1], has_plus=found[0].startswith("+")):
            yield found.span()
    for found in _NATIONAL.finditer(text):
        if _MIN_NATIONAL_DIGITS <= _n_digits(found[0]) <= _MAX_DIGITS:
            yield found.span()
    for found in _AFTER_WORD.finditer(text):
        if _n_digits(found[1]) >= _MIN_DIGITS:
            yield found.span(1)


def _is_abroad(number: str, *, has_plus: bool) -> bool:
    digits = re.sub(r"\D", "", re.sub(r"\(0\)", "", number))
    if digits == number and not (has_plus and len(digits) >= _MIN_UNGROUPED_DIGITS):
        return False
    country = _COUNTRY.match(digits)
    if country is None or not _MIN_DIGITS < len(digits) <= _MAX_DIGITS:
        return False
    return digits[country.end()] != "0" or country[0] in _WITH_ZERO


def _n_digits(number: str) -> int:
    return sum(char.isdigit() for char in number)
