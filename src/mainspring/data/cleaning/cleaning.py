"""Objects to candidates that should not be learnt from; every candidate that comes in goes out, in the same order.

What gives an evaluation set away is looked for in the words as they came, what repeats an earlier example in the
words as they go out. Only what nobody else objects to is compared with earlier ones, and only that counts as an
earlier one: a refused example must not stand in the way of a good one.

Cleaning twice is cleaning once: `duplicate` and `pii` are judged anew, and `contaminated` stays, because the words
it was about may have been redacted.

Candidates pass one by one. Kept of them is what finds duplicates, 3.5 to 5 kB for each that is accepted.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import Final

from mainspring.data.cleaning.conversations import said
from mainspring.data.cleaning.decontamination import Contamination
from mainspring.data.cleaning.duplicates import ExampleDuplicates, Match
from mainspring.data.cleaning.meaning import MeaningDuplicates
from mainspring.data.cleaning.privacy import PII, Policy, check_policy, with_policy
from mainspring.data.example import Candidate, Objection

DUPLICATE: Final = "duplicate"
CONTAMINATED: Final = "contaminated"
"""The checks that object, with `pii`."""
_BATCH: Final = 256
_ANEW: Final = frozenset((DUPLICATE, PII))


def clean(
    candidates: Iterable[Candidate],
    *,
    duplicates: ExampleDuplicates | None = None,
    contamination: Contamination | None = None,
    pii: Policy = "redact",
) -> Iterator[Candidate]:
    """Give each candidate with what is objected behind the objections it has: `contaminated`, `pii` or `duplicate`.

    Args:
        candidates: Read as the result is.
        duplicates: What examples of earlier calls are in already; none if not given.
        contamination: The evaluation sets that examples must have nothing in common with.
        pii: What becomes of personal data and secrets. A redacted example has other words, and so another id.

    Raises:
        ConfigError: The policy is none, or the `data` extra is not installed.
    """
    check_policy(pii)
    known = ExampleDuplicates() if duplicates is None else duplicates
    return (_cleaned(candidate, known, contamination, pii) for candidate in candidates)


async def clean_by_meaning(candidates: Iterable[Candidate], meaning: MeaningDuplicates) -> AsyncIterator[Candidate]:
    """Give each candidate, with the objection `duplicate` where its question means what an earlier one meant.

    Args:
        candidates: Cleaned already. Refused ones and whole conversations pass as they are.
        meaning: Compares questions, and knows those of earlier calls.

    Raises:
        ConfigError: A package that the embedder needs is missing.
        ModelError: The embedder's server could not be asked.
    """
    for batch in _batches(candidates):
        compared = [one for one in batch if one.is_accepted and not one.messages]
        found = await meaning.add([(one.example.id, one.example.question) for one in compared])
        matches = {id(one): match for one, match in zip(compared, found, strict=True) if match}
        for candidate in batch:
            objections = [_paraphrase(match)] if (match := matches.get(id(candidate))) else []
            yield candidate.model_copy(update={"objections": (*candidate.objections, *objections)})


def _cleaned(
    candidate: Candidate, duplicates: ExampleDuplicates, contamination: Contamination | None, pii: Policy
) -> Candidate:
    others = [objection for objection in candidate.objections if objection.check not in _ANEW]
    is_known = any(objection.check == CONTAMINATED for objection in others)
    ours = _contaminated(candidate, contamination) if contamination and not is_known else []
    candidate, objection = with_policy(candidate, pii)
    ours += [objection] if objection else []
    if not others and not ours:
        ours = _duplicate(candidate, duplicates)
    return candidate.model_copy(update={"objections": (*others, *ours)})


def _contaminated(candidate: Candidate, contamination: Contamination) -> list[Objection]:
    example = candidate.example
    overlap = contamination.found(example.question, "\n".join([example.answer, *said(candidate.messages)]))
    return [Objection(check=CONTAMINATED, says=overlap.says)] if overlap else []


def _duplicate(candidate: Candidate, duplicates: ExampleDuplicates) -> list[Objection]:
    """Compare an example; a conversation is compared as a whole, since what is learnt is the way to the answer."""
    example = candidate.example
    question, answer = (example.question, example.answer)
    if candidate.messages:
        question, answer = "\n".join(said(candidate.messages)), ""
    match = duplicates.add(example.id, question, answer)
    if match is None:
        return []
    if match.same_question and not candidate.messages:
        says = f"asks the question of example {match.id}, which came first"
    else:
        says = f"says nearly what example {match.id} says, which came first (similarity {match.similarity:.2f})"
    return [Objection(check=DUPLICATE, says=says)]


def _paraphrase(match: Match) -> Objection:
    says = f"asks in other words what example {match.id} asks, which came first (cosine {match.similarity:.2f})"
    return Objection(check=DUPLICATE, says=says)


def _batches(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    waiting = iter(candidates)
    while batch := list(islice(waiting, _BATCH)):
        yield batch
