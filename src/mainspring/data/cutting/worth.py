"""Which passages hold nothing that one could ask about.

Tables of contents, lists of references, lists of links and pages of numbers cost model calls and give questions
that nobody asks. Only what is clearly one of these is left out; a table with words in it is not.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from mainspring.data.example import Objection
from mainspring.data.passage import Passage

MIN_WORDS: Final = 8
"""A passage of fewer is not asked about."""
_MIN_LINES: Final = 4
_MOST: Final = 0.6
"""Of the lines: so many make a list of them."""
_LINK_SHARE: Final = 0.4
"""Of the characters."""
_LETTER_SHARE: Final = 0.4
"""Of the characters that are not blank."""

_CONTENTS_TITLES: Final = frozenset(
    (
        "contents", "table of contents", "list of figures", "list of tables", "index", "inhalt",
        "inhaltsverzeichnis", "abbildungsverzeichnis", "tabellenverzeichnis",
        "sommaire", "table des matières", "índice", "contenido",
    )
)  # fmt: skip
_REFERENCE_TITLES: Final = frozenset(
    (
        "references", "bibliography", "works cited", "literature cited", "literatur", "literaturverzeichnis",
        "quellenverzeichnis", "références", "bibliographie", "referencias", "bibliografía",
    )
)  # fmt: skip
_NUMBERING: Final = re.compile(r"^[\s\d.]+")
_PAGE_NUMBER: Final = re.compile(r"(?:\.{3,}|(?:\. ){3,}|…|\s{3,}|\t)\s*(?:\d{1,4}|[ivxlc]{1,6})\s*$")
_SHORT_ENTRY: Final = re.compile(r"^\S.{0,80}?\s(?:\d{1,4}|[ivxlc]{1,6})\s*$")
_REFERENCE: Final = re.compile(
    r"^\s*\[\d{1,3}\]\s+\S|\(\d{4}[a-z]?\)\.|\bdoi\b|\bet al\.|\bISBN\b|\bVol\. ?\d|,\s*pp?\.\s*\d|\barXiv\b",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"https?://\S+|www\.\S+|\]\([^)\s]+\)")
_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\W\d_]{2,}")


def worth_asking(passage: Passage) -> Objection | None:
    """Say why a passage is not worth a question; None where it is."""
    for check, says, applies in _REASONS:
        if applies(passage):
            return Objection(check=check, says=says)
    return None


def _is_contents(passage: Passage) -> bool:
    lines = _lines(passage.text)
    entry = _SHORT_ENTRY if _stands_under(passage, _CONTENTS_TITLES) else _PAGE_NUMBER
    return _are_most(lines, [bool(_PAGE_NUMBER.search(line) or entry.search(line)) for line in lines])


def _is_references(passage: Passage) -> bool:
    if _stands_under(passage, _REFERENCE_TITLES):
        return True
    lines = [words for sentence in passage.sentences if (words := passage.quote(sentence))]
    return _are_most(lines, [bool(_REFERENCE.search(line)) for line in lines])


def _is_links(passage: Passage) -> bool:
    n_chars = sum(len(match[0]) for match in _LINK.finditer(passage.text))
    return n_chars > _LINK_SHARE * len(passage.text)


def _is_numbers(passage: Passage) -> bool:
    n_letters = sum(map(str.isalpha, passage.text))
    n_blank = sum(map(str.isspace, passage.text))
    return n_letters < _LETTER_SHARE * (len(passage.text) - n_blank)


def _has_few_words(passage: Passage) -> bool:
    return len(_WORD.findall(passage.text)) < MIN_WORDS


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _are_most(lines: Sequence[str], hits: Sequence[bool]) -> bool:
    return len(lines) >= _MIN_LINES and sum(hits) >= _MOST * len(lines)


def _stands_under(passage: Passage, titles: frozenset[str]) -> bool:
    return any(_NUMBERING.sub("", title).strip(" :.").casefold() in titles for title in passage.headings)


_REASONS: Final[Sequence[tuple[str, str, Callable[[Passage], bool]]]] = (
    ("contents", "it is a table of contents", _is_contents),
    ("references", "it is a list of references", _is_references),
    ("links", "it is a list of links", _is_links),
    ("numbers", "it is numbers with hardly a word", _is_numbers),
    ("words", f"it has fewer than {MIN_WORDS} words", _has_few_words),
)
