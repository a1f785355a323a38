"""Personal data and secrets in a text: where they are, and the text without them.

Found are e-mail addresses, telephone numbers, payment cards, bank accounts, IP addresses, numbers of persons, keys
and passwords. Names of persons and postal addresses are not: they have no form, and what finds them is a model.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from mainspring.data.cleaning.finders import (
    Finder,
    cards,
    emails,
    ibans,
    ip_addresses,
    national_ids,
    phones,
    secrets,
    ssns,
)

PiiKind = Literal["secret", "email", "iban", "card", "ssn", "national_id", "ip", "phone"]

_FINDERS: Final[dict[PiiKind, Finder]] = {
    "secret": secrets,
    "email": emails,
    "iban": ibans,
    "card": cards,
    "ssn": ssns,
    "national_id": national_ids,
    "ip": ip_addresses,
    "phone": phones,
}
"""The surest first: of two that overlap it counts."""
_WRITTEN_IN_GROUPS: Final = frozenset(("phone", "card", "iban", "national_id", "ssn"))
"""Spaces and signs in them are of no account."""
_PLACEHOLDER: Final = re.compile(rf"\[({'|'.join(kind.upper() for kind in _FINDERS)})_(\d{{1,9}})\]")


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data or a secret."""

    kind: PiiKind
    start: int
    end: int
    """Behind its last character."""


def find(text: str) -> tuple[Found, ...]:
    """Find personal data and secrets, in the order of the text; no two overlap, and placeholders are none."""
    taken = [placeholder.span() for placeholder in _PLACEHOLDER.finditer(text)]
    found: list[Found] = []
    for kind, finder in _FINDERS.items():
        places = sorted(set(finder(text)))
        free = _free(places, taken)
        found += [Found(kind, start, end) for start, end in free]
        taken = sorted([*taken, *free])
    return tuple(sorted(found, key=lambda one: one.start))


def redact(text: str) -> str:
    """Put placeholders in the place of what is found: `[EMAIL_1]`, and `[EMAIL_2]` for another address."""
    return Redactor([text]).redact(text)


class Redactor:
    """Redacts texts that belong together: what is the same in two of them gets the same placeholder.

    Args:
        texts: All of them; the numbers of placeholders that they have already are left out.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._names: dict[tuple[PiiKind, str], str] = {}
        self._last: defaultdict[str, int] = defaultdict(int)
        for text in texts:
            for placeholder in _PLACEHOLDER.finditer(text):
                self._last[placeholder[1]] = max(self._last[placeholder[1]], int(placeholder[2]))

    def redact(self, text: str) -> str:
        """Give a text in which nothing is found any more."""
        while found := find(text):  # what stood between two findings may be one itself once they are gone
            pieces: list[str] = []
            end = 0
            for one in found:
                pieces += text[end : one.start], self._name(one.kind, text[one.start : one.end])
                end = one.end
            text = "".join(pieces) + text[end:]
        return text

    def _name(self, kind: PiiKind, words: str) -> str:
        same = words if kind == "secret" else words.casefold()
        if kind in _WRITTEN_IN_GROUPS:
            same = "".join(char for char in same if char.isalnum())
        if (kind, same) not in self._names:
            self._last[kind.upper()] += 1
            self._names[kind, same] = f"[{kind.upper()}_{self._last[kind.upper()]}]"
        return self._names[kind, same]


def _free(places: list[tuple[int, int]], taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give the places that overlap neither what is taken nor an earlier one of them."""
    free: list[tuple[int, int]] = []
    waiting = iter([*taken, (sys.maxsize, sys.maxsize)])
    nearest = next(waiting)
    for start, end in places:
        while nearest[1] <= start:
            nearest = next(waiting)
        if end <= nearest[0] and (not free or free[-1][1] <= start):
            free.append((start, end))
    return free
