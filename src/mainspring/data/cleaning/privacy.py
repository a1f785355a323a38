"""What becomes of a candidate that holds personal data or secrets.

    redact   question, answer, messages and tools get placeholders, the same for the same in all of them
    refuse   an objection says what was found
    keep     nothing

Spans are left as they are: a quote is the document's text letter by letter, which is the user's own and is kept
beside it in `texts/`. So the rows that a model learns from are free of what was found; candidates, provenance and
texts are not, and should stay where the documents may be.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal, get_args

from mainspring.core.errors import ConfigError
from mainspring.data.cleaning.conversations import strings, with_strings
from mainspring.data.cleaning.pii import Redactor, find
from mainspring.data.example import Candidate, Objection

Policy = Literal["redact", "refuse", "keep"]
PII: Final = "pii"
"""The check that objects."""


def check_policy(policy: str) -> None:
    """Refuse a policy that is none.

    Raises:
        ConfigError: It is not one of them.
    """
    if policy not in get_args(Policy):
        raise ConfigError(f"policy {policy!r} for personal data is none of {', '.join(get_args(Policy))}")


def with_policy(candidate: Candidate, policy: Policy) -> tuple[Candidate, Objection | None]:
    """Give a candidate as the policy wants it, and what it objects."""
    if policy == "keep":
        return candidate, None
    texts = list(_texts_of(candidate))
    found = Counter(one.kind for text in texts for one in find(text))
    if not found:
        return candidate, None
    if policy == "refuse":
        told = ", ".join(f"{number} × {kind}" for kind, number in sorted(found.items()))
        return candidate, Objection(check=PII, says=f"holds personal data or secrets: {told}")
    return _redacted(candidate, Redactor(texts)), None


def _redacted(candidate: Candidate, redactor: Redactor) -> Candidate:
    example = candidate.example
    words = {"question": redactor.redact(example.question), "answer": redactor.redact(example.answer)}
    return candidate.model_copy(
        update={
            "example": example.model_copy(update=words),
            "messages": tuple(with_strings(message, redactor.redact) for message in candidate.messages),
            "tools": tuple(with_strings(tool, redactor.redact) for tool in candidate.tools),
        }
    )


def _texts_of(candidate: Candidate) -> Iterator[str]:
    yield candidate.example.question
    yield candidate.example.answer
    for value in (*candidate.messages, *candidate.tools):
        yield from strings(value)
