"""A question that the source does not answer is refused in words, with nothing made up; any other is answered.

`is_refusal` knows a refusal by its words, in each of the languages.
"""

from collections.abc import Iterator
from typing import Final

from mainspring.data.checks import names, numbers
from mainspring.data.checks.asked import Asked
from mainspring.data.checks.lexicon import LANGUAGES, lexicon
from mainspring.data.example import Objection

_OPENING_CHARS: Final = 400
"""A refusal says so at the beginning."""


def is_refusal(text: str) -> bool:
    """Tell whether a text says that something is not said or not known."""
    return any(lexicon(code).refusals.search(text, 0, _OPENING_CHARS) for code in LANGUAGES)


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to a refusal of what can be answered, and to an answer of what cannot."""
    says = _unanswerable(asked) if not asked.is_answerable else _answerable(asked)
    yield from (Objection(check="refusals", says=one) for one in says)


def _answerable(asked: Asked) -> Iterator[str]:
    if is_refusal(asked.example.answer) and not is_refusal(asked.cited):
        yield "the answer says that the answer is not known, but the question counts as answerable: answer it"


def _unanswerable(asked: Asked) -> Iterator[str]:
    question, answer, words = asked.example.question, asked.example.answer, asked.lexicon
    if words.code and not is_refusal(answer):
        yield "the question cannot be answered from the source: say that there is no information about it"
        return
    for quantity, _ in numbers.unfounded(answer, question, words):
        yield f"the answer says that it is not known, but gives the number {quantity.words!r}: leave it out"
    for name in names.unfounded(answer, f"{question}\n{asked.titles}", words):
        yield f"the answer says that it is not known, but names {name!r}: leave it out"
    guess = words.guesses.search(answer)
    if guess and guess[0].lower() not in question.lower():
        yield f"the answer says that it is not known, and then guesses ({guess[0]!r}): leave the guess out"
