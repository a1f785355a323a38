"""What is cited must have to do with the question: they share a word that says what they are about."""

from collections.abc import Iterator
from typing import Final

from mainspring.data.checks.asked import Asked
from mainspring.data.example import Objection
from mainspring.memory.words import words_of

_LEAST_WORDS: Final = 2
"""A question of fewer telling words says too little to judge by."""


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to sentences that are about something else than the question."""
    stems = asked.question_stems
    if not asked.is_answerable or not asked.example.spans or len(stems) < _LEAST_WORDS:
        return
    cited = asked.lexicon.stems(words_of(f"{asked.cited}\n{asked.titles}"))
    if stems.keys().isdisjoint(cited):
        yield Objection(
            check="relevance",
            says="the cited sentences share no word with the question: cite those that answer it, and if there are "
            "none, the question cannot be answered from here",
        )
