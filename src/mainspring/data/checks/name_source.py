"""The names that a text knows, in all the forms that an answer may write them in."""

import re
from functools import cached_property
from typing import Final

from mainspring.data.checks.lexicon import Lexicon
from mainspring.memory.words import words_of

_ENDINGS: Final = frozenset({"s", "es", "n", "en", "an", "ian", "ish", "ese", "er", "e"})
_LEAST_CHARS: Final = 4
"""A shorter word has no other forms."""
_LEAST_INITIALS: Final = 3
_LETTERS: Final = re.compile(r"[^\W\d_]+")


class NameSource:
    """What an answer may take names from.

    Args:
        text: What is cited, the headings and the question.
        words: The language.
    """

    def __init__(self, text: str, words: Lexicon) -> None:
        self._text = text
        self._lexicon = words

    @cached_property
    def _words(self) -> set[str]:
        return set(words_of(self._text))

    @cached_property
    def _stems(self) -> set[str]:
        return {self._lexicon.stem(word) for word in self._words}

    @cached_property
    def _folded(self) -> str:
        return _row(self._text)

    @cached_property
    def _initials(self) -> str:
        """The first letters of the words, little words left out; those without a capital are blanks."""
        kept = [word for word in _LETTERS.findall(self._text) if word.lower() not in self._lexicon.stop]
        return "".join(word[0] if word[0].isupper() else " " for word in kept)

    def has_row(self, words: str) -> bool:
        """Tell whether words stand in the source one behind the other; marks and capitals do not count."""
        row = _row(words)
        return not row.strip() or row in self._folded

    def has_acronym(self, letters: str) -> bool:
        """Tell whether an acronym stands in the source, or the words that it is made of."""
        letters = letters.removesuffix("s")
        if not self._words.isdisjoint({letters.lower(), f"{letters.lower()}s"}):
            return True
        return len(letters) >= _LEAST_INITIALS and letters in self._initials

    def has_word(self, word: str) -> bool:
        """Tell whether every part of a name stands in the source, in one of its forms."""
        return all(self._has(part) for part in words_of(word) if len(part) > 1)

    def _has(self, word: str) -> bool:
        if word in self._words or self._lexicon.stem(word) in self._stems:
            return True
        if len(word) < _LEAST_CHARS:
            return False
        return any(word + ending in self._words for ending in _ENDINGS) or any(
            word.removesuffix(ending) in self._words for ending in _ENDINGS
        )


def _row(text: str) -> str:
    return f" {' '.join(words_of(text))} "
