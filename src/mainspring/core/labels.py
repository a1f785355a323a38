"""Where words came from, and so how far they may be trusted.

Every message and tool result carries a `Label`. Labels only get worse: the label of something made from
several things is their join. What an agent may do unasked is decided from labels, never by asking a model.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Integrity = Literal["trusted", "untrusted"]
"""`trusted`: written by the operator, the user or a tool declared trusted. `untrusted`: anybody may have."""

Confidentiality = Literal["public", "internal", "secret"]
"""Who may read it: anybody, the organisation, or only whom a policy names."""

_INTEGRITY_RANK: Final[dict[Integrity, int]] = {"trusted": 0, "untrusted": 1}
_CONFIDENTIALITY_RANK: Final[dict[Confidentiality, int]] = {"public": 0, "internal": 1, "secret": 2}


@dataclass(frozen=True, slots=True)
class Label:
    """Integrity, confidentiality and sources of a piece of content."""

    integrity: Integrity = "untrusted"
    """Unknown origin counts as untrusted."""
    confidentiality: Confidentiality = "internal"
    """Unknown confidentiality counts as internal."""
    sources: tuple[str, ...] = ()
    """Where it came from, sorted and without repetition: `user`, `operator`, `model:NAME`, `tool:NAME`."""

    def join(self, *others: "Label") -> "Label":
        """Give the label of something made from this and the others: the worst of each, all sources."""
        return _join((self, *others))


@lru_cache(maxsize=1024)
def _join(labels: tuple[Label, ...]) -> Label:
    return Label(
        integrity=max((label.integrity for label in labels), key=_INTEGRITY_RANK.__getitem__),
        confidentiality=max((label.confidentiality for label in labels), key=_CONFIDENTIALITY_RANK.__getitem__),
        sources=tuple(sorted({source for label in labels for source in label.sources})),
    )


UNKNOWN: Final = Label()
"""Of unknown origin."""

OPERATOR: Final = Label(integrity="trusted", sources=("operator",))
"""Instructions and tool descriptions: written by whoever runs the agent."""

USER: Final = Label(integrity="trusted", sources=("user",))
"""The words of the person the agent works for."""
