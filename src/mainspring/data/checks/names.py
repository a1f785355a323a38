"""Every name of an answer must stand in what it cites, in the headings above that, or in the question.

Names are what is in quotation marks or in code, addresses of the web and of mail, files, identifiers, acronyms, and
words with a capital within a sentence. German writes every noun with a capital; there only two such words in a row
are taken for a name. A word at the beginning of a sentence is looked at only where the question asks for a name.
"""

import re
from collections.abc import Iterator
from typing import Final

from mainspring.data.checks.asked import Asked
from mainspring.data.checks.lexicon import Lexicon
from mainspring.data.checks.name_source import NameSource
from mainspring.data.checks.units import is_unit
from mainspring.data.example import Objection
from mainspring.memory.words import words_of

_QUOTED: Final = re.compile(
    r"“([^”\n]{2,120})”|\"([^\"\n]{2,120})\"|«\s?([^»\n]{2,120}?)\s?»|„([^“”\n]{2,120})[“”]|`([^`\n]{1,120})`"
)
_EXACT: Final = re.compile(
    r"""
    https?://[^\s<>()\[\]"']*[^\s<>()\[\]"'.,;:!?]           # an address of the web
  | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+                 # of mail
  | (?<![\w/])/?[\w.-]+(?:/[\w.-]+){2,}                      # a path
  | (?<!\w)--[a-z][\w-]+                                     # an option
  | (?<![\w/])(?:[\w.-]+/)*[\w-]{2,}\.[a-z]{2,4}\d?\b        # a file, a domain
  | \b\w*[^\W_]_\w+\b                                        # snake_case
  | \b(?:[a-z]+|[A-Z][a-z0-9]+)[A-Z]\w*\b                    # camelCase
  | \b[A-Z]{2,}[a-z]?\b(?![\w'’])                            # an acronym
  | \b[A-Za-z]+-?\d[\w.-]*\b                                 # a model number
    """,
    re.VERBOSE,
)
_CAPITAL: Final = re.compile(r"(?<![\w@/.])[^\W\d_a-zà-öø-ÿ][^\W\d_]+(?:['’-][^\W\d_]+)*")
_OPENS_CHARS: Final = 8
_OPENS: Final = re.compile(r"(?:\A|[.!?:;…]|\n|[-*•]\s|[(\[“\"«„])[\s\"“«„(*_]*\Z")


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to names of an answer that its source does not have."""
    if not asked.is_answerable:
        return
    source = "\n".join((asked.cited, asked.titles, asked.example.question))
    asks_for_name = not asked.lexicon.name_questions.isdisjoint(asked.question_words[:2])
    for name in unfounded(asked.example.answer, source, asked.lexicon, from_first_word=asks_for_name):
        yield Objection(
            check="names",
            says=f"{name!r} of the answer stands in none of the cited sentences: cite the sentence that has it, or "
            "leave it out",
        )


def unfounded(answer: str, text: str, words: Lexicon, *, from_first_word: bool = False) -> list[str]:
    """Give the names of an answer that a text does not have.

    Args:
        answer: The answer.
        text: What it may take names from.
        words: The language.
        from_first_word: Words that begin a sentence count as well.
    """
    wrong: list[str] = []
    source = NameSource(text, words)
    for pattern in _QUOTED, _EXACT:
        for match in pattern.finditer(answer):
            name = next((group for group in match.groups() if group), match[0])
            if not (is_unit(name) or source.has_row(name) or source.has_acronym(name)):
                wrong.append(name)
        answer = pattern.sub(lambda match: " " * len(match[0]), answer)
    return [*wrong, *_capitals(answer, source, words, from_first_word=from_first_word)]


def _capitals(answer: str, source: NameSource, words: Lexicon, *, from_first_word: bool) -> Iterator[str]:
    """Give the words with a capital that a source does not have."""
    behind, before = -1, ""
    for match in _CAPITAL.finditer(answer):
        name = match[0]
        is_row = answer[behind : match.start()] == " "
        behind = match.end()
        is_first = _OPENS.search(answer, max(match.start() - _OPENS_CHARS, 0), match.start()) is not None
        if _is_common(name, words) or (is_first and not from_first_word) or source.has_word(name):
            before = ""
        elif not words.every_noun_is_capital:
            yield name
        elif is_row and before:
            yield f"{before} {name}"
        else:
            before = name


def _is_common(name: str, words: Lexicon) -> bool:
    low = name.lower()
    folded = words_of(name)
    return (
        low in words.months
        or low in words.numbers
        or is_unit(name)
        or all(part in words.stop or part in words.polar or part in words.imperatives for part in folded)
    )
