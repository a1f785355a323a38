"""Which documents are trained on and which are kept for validation.

    rank of a document   = SHA-256 of the seed and its id, as a number from 0 to 1
    rank of a group      = that of its member of the least id; a group is documents that are nearly the same
    side                 = validation where the rank is below the share

A rank depends on nothing else, so a document does not change sides because another came, with two exceptions. Where
chance leaves validation empty, or gives it more than half of all examples, it gets the one group whose size is
nearest to the share; and a document that is nearly the same as two older ones joins their groups. What must not
move even then is given as `earlier`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.data.cleaning.near import Signatures, check_threshold
from mainspring.data.cleaning.shingles import word_shingles
from mainspring.data.example import Split

SHARE: Final = 0.1
DOCUMENT_THRESHOLD: Final = 0.4
"""Two versions of a document in which every tenth word differs have a Jaccard similarity of about 0.57 of their
pieces of three words; documents that have nothing to do with each other stay below 0.1."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A document as it is split."""

    id: str
    text: str
    n_examples: int
    """How many examples it gives; one without any has a side, but does not count."""


def split(
    documents: Iterable[Piece],
    *,
    share: float = SHARE,
    seed: int = 0,
    threshold: float = DOCUMENT_THRESHOLD,
    earlier: Mapping[str, Split] | None = None,
) -> dict[str, Split]:
    """Give each document's id its side; with two groups or more that have examples, neither side is without.

    Args:
        documents: Read once; of their texts only signatures are kept.
        share: About which part of the examples validation gets.
        seed: Another one gives another split.
        threshold: The least estimated similarity of documents that stay together.
        earlier: Sides that documents had before and keep, and their groups with them.

    Raises:
        ConfigError: The share is not from 0 to 0.5, or the `data` extra is not installed.
    """
    if not 0.0 <= share <= 0.5:
        raise ConfigError(f"share={share!r} of the examples is no validation split; give a number from 0 to 0.5")
    check_threshold(threshold)
    groups = _groups(documents, threshold)
    kept = {group.lead: side for group in groups if (side := group.earlier(earlier or {}))}
    by_rank = {group.lead: _side(group, share, seed) for group in groups}
    validation = {lead for lead, side in {**by_rank, **kept}.items() if side == "validation"}
    if share:
        validation = _repaired(groups, validation, set(kept), share=share, seed=seed)
    return {id_: "validation" if group.lead in validation else "train" for group in groups for id_ in group.ids}


@dataclass(frozen=True, slots=True)
class _Group:
    """Documents that are nearly the same."""

    ids: tuple[str, ...]
    n_examples: int

    @property
    def lead(self) -> str:
        return self.ids[0]

    def earlier(self, sides: Mapping[str, Split]) -> Split | None:
        """Give the side of the first member that had one."""
        return next((sides[id_] for id_ in self.ids if id_ in sides), None)


def _groups(documents: Iterable[Piece], threshold: float) -> list[_Group]:
    """Put documents together that are nearly the same, or nearly the same as a third one."""
    signatures = Signatures()
    ids: list[str] = []
    n_examples: list[int] = []
    above: list[int] = []

    def top(place: int) -> int:
        while above[place] != place:
            above[place] = place = above[above[place]]
        return place

    for document in documents:
        shingles = word_shingles(document.text)
        signature = signatures.of(shingles)
        like = signatures.like(signature, threshold) if shingles else []
        place = signatures.add(signature)
        ids.append(document.id)
        n_examples.append(document.n_examples)
        above.append(place)
        for other in like:
            above[top(other)] = place
    members: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(ids)):
        members[top(place)].append(place)
    groups = [
        _Group(tuple(sorted(ids[place] for place in group)), sum(n_examples[place] for place in group))
        for group in members.values()
    ]
    return sorted(groups, key=lambda group: group.lead)


def _side(group: _Group, share: float, seed: int) -> Split:
    return "validation" if _rank(group, seed) < share else "train"


def _rank(group: _Group, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}\0{group.lead}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _repaired(groups: list[_Group], validation: set[str], kept: set[str], *, share: float, seed: int) -> set[str]:
    """Give the leads of validation: one at least, and no more than half of the examples, where that can be."""
    counted = [group for group in groups if group.n_examples]
    movable = [group for group in counted if group.lead not in kept]
    n_examples = sum(group.n_examples for group in counted)
    n_validated = sum(group.n_examples for group in counted if group.lead in validation)
    if not movable or (len(counted) > 1 and 0 < n_validated <= n_examples / 2):
        return validation
    fixed = validation - {group.lead for group in movable}
    if len(counted) == 1 or not fixed.isdisjoint(group.lead for group in counted):
        return fixed
    wanted = share * n_examples
    nearest = min(movable, key=lambda group: (abs(group.n_examples - wanted), _rank(group, seed)))
    return fixed | {nearest.lead}
