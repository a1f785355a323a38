"""The words of a text, as notes are indexed and found by them, the same in every database.

A word is a run of letters and digits, in lower case and without accents; each character of a script that is written
without spaces is a word. No punctuation is left, so no text can be more to a query language than words.
"""

import re
import unicodedata
from typing import Final

MAX_QUESTION_WORDS: Final = 32
"""Of a long question the longest words count, which as a rule are the rarest."""
PREFIX_CHARS: Final = 4
"""A word of so many letters finds the longer ones that begin with it, too."""
_MAX_WORD_CHARS: Final = 64
_UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_COMMON: Final = frozenset(
    _WORD.findall(
        """
        a about am an and any are as at be been but by can could d did do does for from had has have he her him his
        how i if in into is it its just ll m may me my no not of on or our out please re s she should so some t than
        that the their them then there these they this those to up us ve was we were what when where which who why
        will with would you your
        """
    )
)
"""Words that say little of what a text is about."""


def words_of(text: str) -> list[str]:
    """Give the words of a text, in order."""
    folded = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())))
    return [word[:_MAX_WORD_CHARS] for word in _WORD.findall(folded)]


def question_words(text: str) -> list[str]:
    """Give the words to look for: each once, without those that every text has, unless there are no others."""
    words = list(dict.fromkeys(words_of(text)))
    telling = [word for word in words if word not in _COMMON] or words
    return sorted(telling, key=len, reverse=True)[:MAX_QUESTION_WORDS]


def finds_longer(word: str) -> bool:
    """Tell whether a word finds the longer ones that begin with it."""
    return len(word) >= PREFIX_CHARS
