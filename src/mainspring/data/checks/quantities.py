"""The numbers of a text, with their units, in normal forms.

`1,000`, `1 000`, `1000`, `one thousand` and, in German, `1.000` are the same; `2 GB` and `2GB` are, `50 %` and
`50%`. The writing of the text's own language is tried first, and the other one where a number makes no sense in it.
"""

import re
from decimal import Decimal
from functools import cache
from typing import Final

from mainspring.data.checks.dates import Placed, dates, times
from mainspring.data.checks.lexicon import Lexicon, lexicon
from mainspring.data.checks.quantity import Quantity
from mainspring.data.checks.units import unit_before, unit_behind

_NUMBER: Final = re.compile(
    r"""
    (?<!\w)(?<!\d\.)(?:
        [vV]?(?P<version>\d+(?:\.\d+){2,})(?!\w)
      | (?P<spaced>\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?)(?!\d)
      | (?P<plain>\d+(?:[.,]\d+)*)
    )
    """,
    re.VERBOSE,
)
_NAMED_VERSION: Final = re.compile(r"\b(?:v|V|[Vv]ersion |[Rr]elease |Python )(?P<version>\d+\.\d+)(?!\d|\.\d)")
_THOUSANDS: Final = {
    ".": re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"),
    ",": re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d+)?"),
}
"""Numbers as they are written where the fraction stands behind this mark."""
_NEXT_WORD: Final = re.compile(r"[ \u00a0\u202f]([^\W\d_]+)")
_GROUPS: Final = re.compile(r"[ \u00a0\u202f'’]")
_JOINT: Final = r"(?:[- ](?:and|et|y)[- ]|[- ])"
_MINUS: Final = "-−"


def quantities(text: str, words: Lexicon) -> list[Quantity]:
    """Find the numbers, dates, times and versions of a text, each once."""
    found: list[Quantity] = []
    taken: list[tuple[int, int]] = []
    for start, end, quantity in [*dates(text, words), *times(text), *_versions(text), *_figures(text, words)]:
        if not any(start < other_end and other_start < end for other_start, other_end in taken):
            found.append(quantity)
            taken.append((start, end))
    return found + _spelled(text, words)


def number(value: Decimal | int) -> str:
    """Give the normal form of a number."""
    return f"{Decimal(value).normalize():f}"


def _versions(text: str) -> list[Placed]:
    """Find versions that say so: in them, 3.1 and 3.10 are not the same."""
    return [
        (*match.span(), Quantity(words=match[0], values=frozenset({f"v{match['version']}"})))
        for match in _NAMED_VERSION.finditer(text)
    ]


def _figures(text: str, words: Lexicon) -> list[Placed]:
    return [(*match.span(), _figure(text, match, words)) for match in _NUMBER.finditer(text)]


def _figure(text: str, match: re.Match[str], words: Lexicon) -> Quantity:
    if match["spaced"]:
        return _spaced(text, match, words)
    raw = match["version"] or match["plain"]
    read = _read(raw, words.decimal)
    if len(read) > 1:
        parts = frozenset(map(number, read))
        return Quantity(raw, frozenset({f"v{raw}"}), also=parts, parts=parts if "," in raw else frozenset())
    value, end = read[0], match.end()
    also = frozenset({f"v{raw}", number(value)})
    multiplier = _NEXT_WORD.match(text, end)
    factor = words.numbers.get(multiplier[1].lower(), 0) if multiplier else 0
    if multiplier and factor >= 100:
        value, end = value * factor, multiplier.end()
    start = match.start()
    if _is_negative(text, start):
        value, start = -value, start - 1
    unit, behind = _unit(text, match.start(), end)
    return Quantity(text[start:behind], frozenset({number(value)}), unit, also=also)


def _spaced(text: str, match: re.Match[str], words: Lexicon) -> Quantity:
    """Read `12 000`, which may be two numbers as well."""
    raw = match["spaced"]
    parts = frozenset(number(_read(part, words.decimal)[0]) for part in _GROUPS.split(raw))
    value = number(_read(_GROUPS.sub("", raw), words.decimal)[0])
    unit, behind = _unit(text, *match.span())
    return Quantity(text[match.start() : behind], frozenset({value}), unit, also=parts, parts=parts)


def _unit(text: str, start: int, end: int) -> tuple[str, int]:
    """Give the unit of the number there, and where the two end."""
    unit, behind = unit_behind(text, end)
    return unit or unit_before(text, start), behind


def _read(raw: str, decimal: str) -> list[Decimal]:
    """Read a number; more than one where it is a version, or numbers without a blank between them."""
    other = "," if decimal == "." else "."
    for mark in decimal, other:
        if _THOUSANDS[mark].fullmatch(raw):
            return [Decimal(raw.replace("." if mark == "," else ",", "").replace(",", "."))]
    return [Decimal(part) for part in re.split(r"[.,]", raw)]


def _is_negative(text: str, start: int) -> bool:
    return start > 0 and text[start - 1] in _MINUS and (start == 1 or text[start - 2] in " \n\t(")


def _spelled(text: str, words: Lexicon) -> list[Quantity]:
    """Find the numbers that are written in words, alone or compound: `three`, `two hundred and five`."""
    one, many = _number_words(words.code)
    found: list[Quantity] = []
    for match in many.finditer(text):
        unit, behind = unit_behind(text, match.end())
        is_rare = match[0].lower() in words.rarely_numbers
        for value in _values([words.numbers[name] for name in one.findall(match[0].lower())]):
            forms = frozenset({number(value)})
            shown = text[match.start() : behind]
            found.append(Quantity(shown, frozenset() if is_rare else forms, unit, also=forms, is_word=True))
    return found


@cache
def _number_words(code: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Give the patterns of one word of a number and of many that make one."""
    one = f"(?:{'|'.join(sorted(map(re.escape, lexicon(code).numbers), key=len, reverse=True))})"
    return (
        re.compile(rf"(?<!\w){one}(?!\w)"),
        re.compile(rf"(?<![\w-]){one}(?:{_JOINT}{one})*(?!\w)", re.IGNORECASE),
    )


def _values(parts: list[int]) -> list[int]:
    """Give the numbers that a row of words makes: one as a rule, more where they do not fit together."""
    values: list[int] = []
    total, current = 0, 0
    for part in parts:
        if part >= 1000:
            total, current = total + max(current, 1) * part, 0
        elif part == 100:
            current = max(current, 1) * part
        elif current % 100 == 0 or (current % 10 == 0 and part < 20 <= current % 100):
            current += part
        else:
            values.append(total + current)
            total, current = 0, part
    return [*values, total + current]
