"""Question and answer are in the language of the source. A text too short to tell is taken to be."""

from collections.abc import Iterator
from typing import Final

from mainspring.data.checks.asked import Asked
from mainspring.data.checks.lexicon import LANGUAGES
from mainspring.data.checks.tongue import language_of, scripts_of, share_of
from mainspring.data.example import Objection

_MUCH_MORE: Final = 3.0
"""Times as many little words of another language as the source has."""
_OWN_SHARE: Final = 0.1
"""Of the letters that a text has at least in the script of its source; the rest may be names and code."""


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to a question or an answer in another language than the source's."""
    source = "\n".join(passage.text for passage in asked.passages)
    for part, text in (("question", asked.example.question), ("answer", asked.example.answer)):
        if _is_other_language(text, asked.language, source) or _is_other_script(text, source):
            wanted = f", {asked.language!r}" if asked.language else ""
            yield Objection(
                check="language", says=f"the {part} is not in the language of the source{wanted}: write it in that"
            )


def _is_other_language(text: str, language: str, source: str) -> bool:
    """Tell whether a text is in a language that its source is not in.

    Languages whose little words are not known share some with those that are: there, a text must have many more of
    them than the source.
    """
    found = language_of(text) if language else ""
    if not found or found == language:
        return False
    return language in LANGUAGES or share_of(text, found) > _MUCH_MORE * share_of(source, found)


def _is_other_script(text: str, source: str) -> bool:
    """Tell whether hardly a letter of a text is of the script that its source is written in."""
    own, letters = scripts_of(source), scripts_of(text)
    if not own or not letters or text in source:
        return False
    ((script, _),) = own.most_common(1)
    return letters[script] < _OWN_SHARE * letters.total()
