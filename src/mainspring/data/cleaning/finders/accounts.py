"""Numbers of payment cards and of bank accounts, told from other numbers by their checksums."""

import re
from collections.abc import Iterator
from typing import Final

_CARD: Final = re.compile(
    r"(?<![\w.])(?<!\d-)(?:"
    r"\d{4}([ \u00a0-]?)\d{4}\1\d{4}\1\d{4}"
    r"|3[47]\d{2}([ \u00a0-]?)\d{6}\2\d{5}"
    r"|3[0689]\d{2}([ \u00a0-]?)\d{6}\3\d{4}"
    r")(?!\w|[.-]\d)",
    re.ASCII,
)
_ISSUED: Final = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-59]|[689]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d|2\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"
)
"""Visa, Mastercard, American Express, Diners, Discover, UnionPay and JCB, by the first digits that they issue."""
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ \u00a0]?[A-Za-z0-9]{4})")
_IBAN_CHARS: Final = {
    country: n_chars
    for n_chars, countries in {
        15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
"""Length by country, of the registry of ISO 13616."""


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Find numbers of payment cards: an issuer's digits, in the groups of a card or none, with Luhn's checksum."""
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if digits.isascii() and _ISSUED.fullmatch(digits) and _has_luhn(digits):
            yield found.span()


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Find numbers of bank accounts (ISO 13616): the length of their country, and the rest 1 by 97."""
    for found in _IBAN.finditer(text):
        n_chars = _IBAN_CHARS.get(found[0][:2].upper())
        if n_chars and (end := _end_of(text, found.start(), n_chars)) and _has_97(text[found.start() : end]):
            yield found.start(), end


def _has_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(doubled)) % 10 == 0


def _end_of(text: str, start: int, n_chars: int) -> int | None:
    """Give where so many letters and digits end that stand in groups of four, or None where they do not."""
    place, n_seen = start, 0
    while n_seen < n_chars:
        if place < len(text) and n_seen and n_seen % 4 == 0 and text[place] in " \u00a0":
            place += 1
        if place >= len(text) or not (text[place].isascii() and text[place].isalnum()):
            return None
        place, n_seen = place + 1, n_seen + 1
    return place if not text[place : place + 1].isalnum() else None


def _has_97(account: str) -> bool:
    compact = re.sub(r"[ \u00a0]", "", account)
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1
