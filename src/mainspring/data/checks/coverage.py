"""What an answer says must be said by what it cites: most of its words, in one of their forms.

The sentence before and the one behind a cited one count as well, as do the question and the headings: an answer is
put into words of its own, and what `it` is stands in the sentence before.
"""

from collections.abc import Iterator
from typing import Final

from mainspring.data.checks.asked import Asked
from mainspring.data.example import Objection
from mainspring.memory.words import words_of

LEAST: Final = 0.6
"""Share of an answer's telling words."""
_LENIENT: Final = 2 / 3
"""So much of that is asked for in a language whose little words are not known."""
_MOST_NAMED: Final = 8


def objections(asked: Asked, least: float = LEAST) -> Iterator[Objection]:
    """Object to an answer of which too few words are found.

    Args:
        asked: The example beside its source.
        least: Share of the answer's telling words that must be found.
    """
    if not asked.is_answerable or not asked.answer_stems:
        return
    said = asked.answer_stems
    known = asked.lexicon.stems(words_of(f"{asked.around}\n{asked.titles}")) | asked.question_stems
    missing = [word for stem, word in said.items() if stem not in known]
    share = least if asked.lexicon.code else least * _LENIENT
    if len(missing) > (1 - share) * len(said) + 1e-9:
        words = ", ".join(missing[:_MOST_NAMED])
        yield Objection(
            check="coverage",
            says=f"the cited sentences say too little of the answer; they have nothing of: {words}. Say what they "
            "say, in their words, or cite the sentences that say this",
        )
