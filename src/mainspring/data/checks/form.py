"""A question asks, and an answer answers: in whole words, at a length that fits, and not in the other's words.

A question that has its answer in it teaches nothing, unless it asks to choose or to say yes or no.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from mainspring.data.checks.asked import Asked
from mainspring.data.example import Kind, Objection

QUESTION_WORDS: Final = (3, 60)
"""The fewest and the most; the fewest only in a language of which it is known how much a word says."""
ANSWER_WORDS: Final[Mapping[Kind, tuple[int, int]]] = {
    "factual": (2, 150),
    "how_to": (6, 400),
    "why": (5, 300),
    "comparison": (6, 300),
    "multi_hop": (4, 300),
    "unanswerable": (4, 80),
}
_QUESTION_MARKS: Final = frozenset("?？؟")


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to what is no question, no answer, or too short or too long for one."""
    for says in (*_question(asked), *_answer(asked), *_both(asked)):
        yield Objection(check="form", says=says)


def _question(asked: Asked) -> Iterator[str]:
    question = asked.example.question
    words = asked.question_words
    least, most = QUESTION_WORDS
    least = least if asked.lexicon.code else 1
    if not least <= len(words) <= most:
        yield f"the question has {len(words)} words: write {least} to {most}"
    first = words[:1]
    if _QUESTION_MARKS.isdisjoint(question) and asked.lexicon.imperatives.isdisjoint(first):
        yield "the question does not ask: end it with a question mark, or begin it with a request such as 'Explain'"


def _answer(asked: Asked) -> Iterator[str]:
    words = asked.answer_words
    least, most = ANSWER_WORDS[asked.example.kind]
    least = least if asked.lexicon.code else 1
    if words and all(word in asked.lexicon.polar for word in words):
        yield f"the answer is only {asked.example.answer!r}: say it in a whole sentence"
    elif not least <= len(words) <= most:
        yield f"the answer has {len(words)} words: write {least} to {most}, in whole sentences"


def _both(asked: Asked) -> Iterator[str]:
    question, answer = asked.question_words, asked.answer_words
    if question == answer:
        yield "the answer is the question again"
        return
    if not asked.is_answerable or not answer or not asked.lexicon.choice.isdisjoint(question):
        return
    if answer[0] not in asked.lexicon.polar and not _says_more(asked):
        yield "the answer says nothing that the question does not say already"


def _says_more(asked: Asked) -> bool:
    """Tell whether an answer has a word or a number that the question does not have."""
    words = asked.lexicon
    known = {words.stem(word) for word in asked.question_words}
    return any(word not in words.stop and words.stem(word) not in known for word in asked.answer_words)
