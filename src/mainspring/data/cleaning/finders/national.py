"""Numbers that a state gives a person, where a checksum or a form of their own tells them from other numbers."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])", re.ASCII)
_SSN_AFTER_WORD: Final = re.compile(
    r"\b(?:ssn|social security)(?:\s+(?:number|no\.?|#))?\s*(?:is|:|#)?\s*"
    r"((?!000|666|9)\d{3} ?(?!00)\d{2} ?(?!0000)\d{4})(?![\w-])",
    re.IGNORECASE | re.ASCII,
)


def ssns(text: str) -> Iterator[tuple[int, int]]:
    """Find US social security numbers: with hyphens, or behind their name."""
    for found in _SSN.finditer(text):
        yield found.span()
    for found in _SSN_AFTER_WORD.finditer(text):
        yield found.span(1)


def national_ids(text: str) -> Iterator[tuple[int, int]]:
    """Find numbers of persons of Brazil, China, Finland, France, Italy and Spain whose checksum is right."""
    for pattern, is_right in _CHECKED:
        for found in pattern.finditer(text):
            if is_right(re.sub(r"[ .-]", "", found[0].upper())):
                yield found.span()


def _is_cpf(digits: str) -> bool:
    """Brazil: two digits, each 11 less the weighted sum's rest."""

    def check(known: str) -> int:
        rest = 10 * sum(int(digit) * (len(known) + 1 - place) for place, digit in enumerate(known)) % 11
        return rest % 10

    return len(set(digits)) > 1 and check(digits[:9]) == int(digits[9]) and check(digits[:10]) == int(digits[10])


def _is_resident_id(number: str) -> bool:
    """China (GB 11643): a day of birth, and ISO 7064 MOD 11-2."""
    weighted = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return _is_day(number[6:14]) and "10X98765432"[weighted % 11] == number[17]


def _is_hetu(number: str) -> bool:
    """Finland: the rest by 31, as a character; the sign of the century is gone from some."""
    digits = number[:6] + number[-4:-1]
    day, month = int(number[:2]), int(number[2:4])
    return 1 <= day <= 31 and 1 <= month <= 12 and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == number[-1]


def _is_nir(number: str) -> bool:
    """France: 97 less the rest by 97; the departments of Corsica stand for 19 and 18."""
    known = number[:13].replace("2A", "19").replace("2B", "18")
    return known.isdigit() and 97 - int(known) % 97 == int(number[13:])


def _is_codice_fiscale(code: str) -> bool:
    """Italy: a letter of the sum of what each character is worth at an odd or an even place."""
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", _ODD_VALUES, strict=True))
    total = sum(
        odd[char] if place % 2 == 0 else int(char) if char.isdigit() else ord(char) - ord("A")
        for place, char in enumerate(code[:15])
    )
    return chr(ord("A") + total % 26) == code[15]


def _is_dni(number: str) -> bool:
    """Spain: the letter of the rest by 23; X, Y and Z of a foreigner stand for 0, 1 and 2."""
    digits = number[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23] == number[-1]


def _is_day(digits: str) -> bool:
    try:
        return 1900 <= date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}").year < 2100
    except ValueError:
        return False


_ODD_VALUES: Final = (
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)
_CHECKED: Final[tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...]] = (
    (re.compile(r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])", re.ASCII), _is_cpf),
    (re.compile(r"(?<!\w)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\w)", re.ASCII), _is_resident_id),
    (re.compile(r"(?<![\w.-])\d{6}[-+A-FYXWVU]\d{3}[0-9A-Y](?![\w-])", re.ASCII), _is_hetu),
    (
        re.compile(
            r"(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)",
            re.ASCII,
        ),
        _is_nir,
    ),
    (re.compile(r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z](?!\w)", re.ASCII), _is_codice_fiscale),
    (re.compile(r"(?<![\w.-])(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z](?![\w-])", re.ASCII), _is_dni),
)
