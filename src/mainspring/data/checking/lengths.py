"""How long the rows of a dataset are, in characters and in estimated tokens."""

from array import array
from collections import Counter
from typing import Final

from mainspring.data.checking.findings import Bar, Lengths

BYTES_PER_TOKEN: Final = 4
"""What a token is taken for; true of English, too kind to code and other languages."""
_FIRST_BAR_TOKENS: Final = 16


class LengthCount:
    """Takes the words of rows, and keeps four bytes of each."""

    def __init__(self) -> None:
        self._characters = array("I")
        self._tokens = array("I")

    def add(self, text: str) -> None:
        """Count a row's words."""
        self._characters.append(len(text))
        self._tokens.append(-(-len(text.encode()) // BYTES_PER_TOKEN))

    @property
    def characters(self) -> Lengths | None:
        """How long rows are in characters."""
        return _lengths(self._characters)

    @property
    def tokens(self) -> Lengths | None:
        """How long rows are in estimated tokens."""
        return _lengths(self._tokens)

    @property
    def histogram(self) -> tuple[Bar, ...]:
        """Rows by estimated tokens, from the first bar with rows to the last."""
        found = Counter(max(0, (n // _FIRST_BAR_TOKENS).bit_length()) for n in self._tokens)
        if not found:
            return ()
        return tuple(
            Bar(
                start=_FIRST_BAR_TOKENS << place >> 1 if place else 0,
                end=_FIRST_BAR_TOKENS << place,
                n=found[place],
            )
            for place in range(min(found), max(found) + 1)
        )


def _lengths(counted: "array[int]") -> Lengths | None:
    if not counted:
        return None
    values = sorted(counted)

    def at(share: float) -> int:
        return values[min(len(values) - 1, int(share * len(values)))]

    return Lengths(p5=at(0.05), p50=at(0.5), p95=at(0.95), p99=at(0.99), longest=values[-1])
