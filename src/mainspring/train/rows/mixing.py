"""Which rows are held out, and rows of other kinds mixed in against forgetting.

Both follow from the rows and the seed alone. A side is chosen by a digest of the question, so that it does not move
when rows are added, and two answers to one question never stand on both sides.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import Final

from mainspring.train.folder import Row
from mainspring.train.rows.reading import Asked

_ONE_IN: Final = 10


def held_out(rows: Sequence[Asked]) -> tuple[list[Asked], list[Asked]]:
    """Divide rows into those to learn from and about a tenth that is held out; none where all would be."""
    out = [_is_held_out(one.question) for one in rows]
    if all(out):
        return [*rows], []
    return [one for one, is_out in zip(rows, out, strict=True) if not is_out], [
        one for one, is_out in zip(rows, out, strict=True) if is_out
    ]


def rehearsed(rows: Sequence[Row], others: Sequence[Row], *, share: float, seed: int) -> list[Row]:
    """Mix other rows among those that are learnt from.

    Args:
        rows: What is learnt.
        others: What is not to be forgotten.
        share: Of the whole, as far as there are so many others.
        seed: Chooses the others and the order.
    """
    chance = random.Random(seed)  # noqa: S311 - the seed is what makes the order the same again
    wanted = len(others) if share >= 1 else round(len(rows) * share / (1 - share))
    mixed = [*rows, *chance.sample(others, min(wanted, len(others)))]
    chance.shuffle(mixed)
    return mixed


def _is_held_out(question: str) -> bool:
    digest = hashlib.sha256(" ".join(question.split()).encode()).digest()
    return int.from_bytes(digest[:8]) % _ONE_IN == 0
