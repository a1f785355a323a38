"""What makes vectors of texts, as a protocol, so that notes are found by what they mean.

A vector gives much of its text away. It is kept beside the note, and goes with it.
"""

from collections.abc import Sequence
from typing import Protocol

Vector = Sequence[float]
"""Where a text lies among others; only its direction counts."""


class Embedder(Protocol):
    """Makes vectors of texts: what means the same lies in the same direction."""

    @property
    def digest(self) -> str:
        """The name of the space that it embeds in: only vectors of equal digests are compared."""
        ...

    @property
    def floor(self) -> float:
        """The least cosine of a question and a note that fits it."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """Give a vector for each text, all of one length.

        Raises:
            ConfigError: A package that it needs is missing, or its name leads nowhere.
            DownloadError: No source could give its files.
            ModelError: Its server could not be asked.
        """
        ...
