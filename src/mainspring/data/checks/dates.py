"""Dates and times of day in a text, in the ways of English, German, French and Spanish.

A date is compared as `1990-05-03`, `1990-05` or `--05-03`, a month as `M05`, a time of day as `17:30`.
"""

import re
from functools import cache
from typing import Final

from mainspring.data.checks.lexicon import Lexicon, lexicon
from mainspring.data.checks.quantity import Quantity

Placed = tuple[int, int, Quantity]
"""Where a quantity stands in a text, and the quantity."""

_NUMERIC: Final = re.compile(
    r"(?<![\w.])(?:(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})(?:\.\s?|/)(?P<second>\d{1,2})(?:\.\s?|/)(?P<last>\d{4}))(?!\w)"
)
_TIME: Final = re.compile(
    r"(?<![\w.,:])(?P<hour>\d{1,2})"
    r"(?:(?:[:h]|\.(?=\d\d\s?Uhr))(?P<minute>\d\d)(?::\d\d)?(?!\d)(?:\s?(?P<half>[ap]\.?m\b|AM\b|PM\b)|\s?Uhr\b)?"
    r"|\s?(?P<only>[ap]\.?m\b|AM\b|PM\b)|\s?(?:Uhr|o['’]clock)\b)"
)


def dates(text: str, words: Lexicon) -> list[Placed]:
    """Find the dates of a text."""
    found = [(*match.span(), _numeric(match)) for match in _NUMERIC.finditer(text)]
    return found + [(*match.span(), _written(match, words)) for match in _written_dates(words.code).finditer(text)]


def times(text: str) -> list[Placed]:
    """Find the times of day of a text."""
    return [(*match.span(), _time(match)) for match in _TIME.finditer(text)]


def months(text: str, words: Lexicon) -> set[str]:
    """Find the months that a text names, as `M05`."""
    return {f"M{words.months[match[0].lower()]:02}" for match in _month(words.code).finditer(text)}


@cache
def _names(code: str) -> str:
    """Give the pattern of a month's name; English and German ones have a capital, as `may` is a word too."""
    names = lexicon(code).months
    spellings = {name.capitalize() for name in names} | {name.upper() for name in names}
    if code in {"fr", "es"}:
        spellings |= set(names)
    return "|".join(sorted(map(re.escape, spellings), key=len, reverse=True))


@cache
def _month(code: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_names(code)})\b")


@cache
def _written_dates(code: str) -> re.Pattern[str]:
    month = _names(code)
    year = r"(?:,?\s+(?:of\s+|de\s+|del\s+)?(?P<{}>\d{{4}})(?!\d))"
    return re.compile(
        rf"(?<!\w)(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?\s+(?:of\s+|de\s+)?(?P<month>{month})\b\.?"
        rf"{year.format('year')}?"
        rf"|(?P<month_2>{month})\b\.?\s+(?P<day_2>\d{{1,2}})(?:st|nd|rd|th)?(?![\w.,]*\d)"
        rf"{year.format('year_2')}?"
        rf"|(?P<month_3>{month})\b\.?{year.format('year_3')})"
    )


def _numeric(match: re.Match[str]) -> Quantity:
    if match["year"]:
        return _date(match[0], match["year"], int(match["month"]), int(match["day"]))
    year, first, second = match["last"], int(match["first"]), int(match["second"])
    one, other = _date(match[0], year, second, first), _date(match[0], year, first, second)
    return Quantity(words=match[0], values=one.values | other.values, also=one.also | other.also)


def _written(match: re.Match[str], words: Lexicon) -> Quantity:
    name = match["month"] or match["month_2"] or match["month_3"]
    year = match["year"] or match["year_2"] or match["year_3"] or ""
    day = match["day"] or match["day_2"]
    return _date(match[0], year, words.months[name.lower()], int(day) if day else None)


def _date(words: str, year: str, month: int, day: int | None) -> Quantity:
    short = f"{year}-{month:02}" if day is None else f"--{month:02}-{day:02}"
    value = f"{year}-{month:02}-{day:02}" if year and day else short
    parts = {f"M{month:02}", *([year] if year else []), *([str(day)] if day else [])}
    also = parts | {short, *([f"{year}-{month:02}"] if year else [])}
    return Quantity(words=words, values=frozenset({value}), also=frozenset(also), parts=frozenset(parts))


def _time(match: re.Match[str]) -> Quantity:
    hour, minute = int(match["hour"]), match["minute"] or "00"
    half = (match["half"] or match["only"] or "").replace(".", "").lower()
    loose = f"{hour}:{minute}?"
    if half:
        value = f"{hour % 12 + 12 * (half == 'pm')}:{minute}"
        return Quantity(words=match[0], values=frozenset({value}), also=frozenset({loose, str(hour)}))
    return Quantity(words=match[0], values=frozenset({f"{hour}:{minute}", loose}), also=frozenset({str(hour)}))
