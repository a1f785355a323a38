"""What becomes of a file that gives no document: a reason for the program, and words for whoever can mend it."""

from typing import Literal

from mainspring.core.errors import DocumentError
from mainspring.data.document import Value

Reason = Literal[
    "bomb",
    "broken",
    "changed",
    "crashed",
    "empty",
    "encrypted",
    "link",
    "memory",
    "name",
    "no_text",
    "same",
    "slow",
    "special",
    "too_large",
    "unknown",
    "unreadable",
]


class Skipped(Value):
    """A file, a link or a folder that was not read."""

    name: str
    """Its path below the folder that was read, with `/`; bytes that are not UTF-8 are written as `\\xff`."""
    reason: Reason
    says: str
    """What is the matter, and what can be done about it."""


class Unreadable(DocumentError):
    """A reader gives a file up for a reason that is known.

    Args:
        reason: The reason, as it stands in `Skipped`.
        says: What is the matter, and what can be done about it.
    """

    def __init__(self, reason: Reason, says: str) -> None:
        super().__init__(reason, says)
        self.reason: Reason = reason
        self.says = says

    def __str__(self) -> str:
        return self.says


def reason_of(error: DocumentError) -> Reason:
    """Give the reason that an error carries; `broken` where it carries none."""
    return error.reason if isinstance(error, Unreadable) else "broken"


def no_text(name: str) -> Unreadable:
    """Make the error of a file that was read and holds no words."""
    return Unreadable("no_text", f"there is no text in {name!r}")
