"""What all events have in common: they are frozen, and know the version they are written in."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Versioned:
    """Something that happened in a run."""

    VERSION: ClassVar[int] = 1
    """The version that is written."""
    version: int = 1
