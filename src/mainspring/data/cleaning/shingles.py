"""Texts as they are compared: without case, punctuation and white space, and as sets of short pieces.

What Unicode calls a symbol stays (`+`, `$`, emoji), and so do signs that tell names and numbers apart: `C#` is not
`C`, and -5 is not 5. A text of nothing but punctuation stays what it is, so that `?` and `!` differ.
"""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Final

SHINGLE_CHARS: Final = 5
"""Characters of a piece of a question or an answer; a changed word changes few of them."""
SHINGLE_WORDS: Final = 3
"""Words of a piece of a document, where all pieces of five characters occur sooner or later."""
_KEPT: Final = frozenset("#%&*@/\\_")
_MARK: Final = re.compile(r"[^\w\s]")
_SIGN: Final = re.compile(r"(?<![\w-])[-\u2212](?=\d)")
_UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")
_LETTERS: Final = re.compile(r"[^\W_]+")
_SENTENCE_END: Final = re.compile(r"[.!?:。！？\n]")
_NO_NAMES: Final = frozenset("i")
_MINUS: Final = "\u2212"


def normalised(text: str) -> str:
    """Give a text as it is compared: words in one case, one space between them."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    kept = _MARK.sub(lambda mark: _as_compared(mark[0]), _SIGN.sub(_MINUS, folded))
    return " ".join(kept.split()) or " ".join(_without_surrogates(folded).split())


def words(text: str) -> list[str]:
    """Give the words of a text as they are compared; a character of a script without spaces is one."""
    return _WORD.findall(normalised(text))


def telling(text: str) -> frozenset[str]:
    """Give the words by which facts of one form differ: numbers, and names as far as capitals tell them."""
    found: set[str] = set()
    is_first = True
    end = 0
    for word in _LETTERS.finditer(text):
        is_first = is_first or _SENTENCE_END.search(text, end, word.start()) is not None
        capitals = word[0][1:] if is_first else word[0]
        if capitals != capitals.lower() or any(map(str.isdigit, word[0])):
            found.add(word[0].casefold())
        is_first, end = False, word.end()
    return frozenset(found - _NO_NAMES)


def char_shingles(text: str) -> frozenset[str]:
    """Give the pieces of five characters of a normalised text; a shorter one is a piece itself."""
    if len(text) <= SHINGLE_CHARS:
        return frozenset((text,))
    return frozenset([text[start : start + SHINGLE_CHARS] for start in range(len(text) - SHINGLE_CHARS + 1)])


def word_shingles(text: str) -> frozenset[str]:
    """Give the pieces of three words of a text; a shorter one is a piece itself, one without words has none."""
    if not (known := words(text)):
        return frozenset()
    n_shingles = max(1, len(known) - SHINGLE_WORDS + 1)
    return frozenset([" ".join(known[start : start + SHINGLE_WORDS]) for start in range(n_shingles)])


def jaccard(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """Give the share of the pieces of either that are pieces of both; two empty sets are equal."""
    n_common = len(one & other)
    n_all = len(one) + len(other) - n_common
    return n_common / n_all if n_all else 1.0


@cache
def _as_compared(mark: str) -> str:
    """Give what stands in a normalised text for a character that is neither letter, digit nor white space."""
    category = unicodedata.category(mark)
    if mark in _KEPT or category[0] in "SM":
        return mark
    return "" if category in {"Cf", "Cs"} else " "


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
