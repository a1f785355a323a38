"""A document is cut into passages.

Passages are disjoint and in the order of the text, and together they hold every sentence of it. None is longer
than asked for, but for one that is a single sentence. A passage leaves a section of the outermost headings only
where both sides are too small to be asked about.
"""

from collections.abc import Sequence

from mainspring.core.errors import ConfigError
from mainspring.data.cutting.atoms import Atom, Count, atoms
from mainspring.data.cutting.pieces import Pieces
from mainspring.data.cutting.tokens import estimate
from mainspring.data.document import Document
from mainspring.data.passage import Passage


def cut(
    document: Document, *, max_tokens: int = 400, min_tokens: int = 60, count: Count = estimate
) -> list[Passage]:
    """Cut a document into passages.

    Args:
        document: The document.
        max_tokens: Tokens of the teacher that a passage has at most.
        min_tokens: A passage of fewer joins a neighbour where it may.
        count: Counts the tokens of a text. The tokens of a passage are the sum over its sentences.

    Raises:
        ConfigError: The sizes make no sense.
    """
    if not 0 <= min_tokens <= max_tokens or max_tokens < 1:
        raise ConfigError(
            f"passages of {min_tokens!r} to {max_tokens!r} tokens cannot be cut: give 0 <= min_tokens <= max_tokens"
        )
    taken = atoms(document, count)
    pieces = Pieces(taken, max_tokens, min_tokens)
    document_id = document.id
    return [
        _passage(document, document_id, place, taken[slice(*piece)], pieces.n_tokens(piece))
        for place, piece in enumerate(pieces.cut())
    ]


def _passage(document: Document, document_id: str, place: int, held: list[Atom], n_tokens: int) -> Passage:
    start, end = held[0].sentence.start, held[-1].sentence.end
    return Passage(
        document=document_id,
        place=place,
        start=start,
        end=end,
        text=document.text[start:end],
        sentences=tuple(atom.sentence for atom in held),
        headings=_common([atom.path for atom in held if not atom.is_heading] or [held[-1].path]),
        page=document.page_at(start),
        n_tokens=n_tokens,
    )


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Give the headings that all of some places stand under."""
    # Paths are ordered word by word, so what the first and the last share, those between them share too.
    first, last = min(paths), max(paths)
    shared = [one == other for one, other in zip(first, last, strict=False)]
    return first[: shared.index(False) if False in shared else len(shared)]
