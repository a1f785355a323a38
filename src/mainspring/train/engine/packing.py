"""Conversations to packed rows, none of which sees another.

    none     a row is a conversation
    plain    a row holds several, one behind the other; positions begin again with each
    shared   a row is a tree: what conversations begin with alike stands in it once, and each goes on behind it

In a tree a token attends to what leads to it and to nothing beside it, at the position it has in its own
conversation. So a conversation's logits are those it has alone, whatever stands around it, and a beginning is
computed once for all that share it. What is learnt is kept as (place, next token, how often), so that it counts as
often as it occurs even where its place is shared.

Which conversations share a row follows from their tokens and the seed alone.
"""
# ruff: noqa: N802, N806, N815 - names of tensors carry their shapes

import random
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from mainspring.train.engine.conversations import Conversation

Packing = Literal["shared", "plain", "none"]
Ints = npt.NDArray[np.int64]

_WORTH_TOKENS: Final = 32
"""A beginning that is longer by less than this is not worth rows of conversations that are more alike."""
_FULL: Final = 0.9
"""A row that is filled to this share is done; what is in emptier ones may go with what is less alike."""


@dataclass(frozen=True, slots=True)
class PackedRow:
    """Conversations in one row of T tokens."""

    ids_T: Ints
    positions_T: Ints
    at_N: Ints
    """The places whose next token is learnt."""
    targets_N: Ints
    """Those next tokens."""
    counts_N: Ints
    """How often each of them occurs: once, but for beginnings that are shared."""
    paths: tuple[Ints, ...]
    """For each conversation the places of its tokens in the row."""

    @property
    def n_learnt(self) -> int:
        """How many tokens count in the loss."""
        return int(self.counts_N.sum())

    @property
    def unpacked_tokens(self) -> int:
        """How many tokens its conversations have one by one."""
        return sum(len(path) for path in self.paths)

    def mask_TT(self) -> npt.NDArray[np.bool_] | None:
        """Say which token attends to which; None where each attends to all before it, as in one conversation."""
        if len(self.paths) == 1:
            return None
        mask_TT = np.zeros((len(self.ids_T), len(self.ids_T)), dtype=np.bool_)
        for path in self.paths:
            mask_TT[np.ix_(path, path)] |= np.tri(len(path), dtype=np.bool_)
        return mask_TT


@dataclass(frozen=True, slots=True)
class _Unit:
    """Conversations that stay together, and how many tokens they take in one row."""

    members: tuple[Conversation, ...]
    n_tokens: int


def pack(conversations: Sequence[Conversation], packing: Packing, *, row_tokens: int, seed: int) -> list[PackedRow]:
    """Put conversations into rows of `row_tokens` at most; each of them has to fit into one."""
    units = [_Unit((one,), len(one.ids)) for one in conversations]
    if packing == "none":
        return [row_of(unit.members, shared=False) for unit in units]
    random.Random(seed).shuffle(units)  # noqa: S311 - the seed is what makes rows the same again
    if packing == "plain":
        return [row_of(unit.members, shared=False) for unit in _fit(units, row_tokens, common_tokens=0)]
    return [row_of(unit.members, shared=True) for unit in _Alike(units, row_tokens).rows()]


def row_of(conversations: Sequence[Conversation], *, shared: bool) -> PackedRow:
    """Put conversations into one row."""
    ids: list[int] = []
    positions: list[int] = []
    paths: list[list[int]] = []
    learnt: dict[tuple[int, int], int] = {}
    members = sorted(conversations, key=lambda one: one.ids) if shared else conversations
    for before, one in zip((None, *members), members, strict=False):
        common = _common(before.ids, one.ids) if shared and before else 0
        beginning = paths[-1][:common] if common else []
        path = [*beginning, *range(len(ids), len(ids) + len(one.ids) - common)]
        paths.append(path)
        ids += one.ids[common:]
        positions += range(common, len(one.ids))
        for place in one.learnt:
            if place:  # nothing stands before the first token that could tell it
                key = (path[place - 1], one.ids[place])
                learnt[key] = learnt.get(key, 0) + 1
    return PackedRow(
        ids_T=np.array(ids, dtype=np.int64),
        positions_T=np.array(positions, dtype=np.int64),
        at_N=np.array([at for at, _ in learnt], dtype=np.int64),
        targets_N=np.array([target for _, target in learnt], dtype=np.int64),
        counts_N=np.array(list(learnt.values()), dtype=np.int64),
        paths=tuple(np.array(path, dtype=np.int64) for path in paths),
    )


class _Alike:
    """Groups conversations by what they begin with, the longest common beginnings first."""

    def __init__(self, units: Sequence[_Unit], row_tokens: int) -> None:
        self._units = sorted(units, key=lambda unit: unit.members[0].ids)  # stable: equal ones stay shuffled
        ids = [unit.members[0].ids for unit in self._units]
        self._common = [0, *(_common(a, b) for a, b in pairwise(ids))]
        self._order = {id(unit): place for place, unit in enumerate(units)}
        self._row_tokens = row_tokens
        self._rows: list[_Unit] = []

    def rows(self) -> list[_Unit]:
        """Give what goes into each row."""
        left = self._group(0, len(self._units), 0)
        return self._rows + left

    def _group(self, low: int, high: int, common_tokens: int) -> list[_Unit]:
        """Fill rows of the units from `low` to `high`, which all begin alike; give those that fill none."""
        left: list[_Unit] = []
        alone: list[_Unit] = []
        for first, last in self._runs(low, high, common_tokens + _WORTH_TOKENS):
            if last - first == 1:
                alone.append(self._units[first])
            else:
                left += self._group(first, last, min(self._common[first + 1 : last]))
        alone.sort(key=lambda unit: self._order[id(unit)])
        filled = _fit(left + alone, self._row_tokens, common_tokens=common_tokens)
        if not common_tokens:
            return filled
        self._rows += [unit for unit in filled if unit.n_tokens >= _FULL * self._row_tokens]
        return [unit for unit in filled if unit.n_tokens < _FULL * self._row_tokens]

    def _runs(self, low: int, high: int, least: int) -> list[tuple[int, int]]:
        """Cut a range where neighbours have less than `least` tokens in common."""
        cuts = [low, *(place for place in range(low + 1, high) if self._common[place] < least), high]
        return list(pairwise(cuts)) if high > low else []


def _fit(units: Sequence[_Unit], row_tokens: int, *, common_tokens: int) -> list[_Unit]:
    """Put units that have their first `common_tokens` in common into as few rows as best fit, decreasing, finds."""
    members: list[list[Conversation]] = []
    used: list[int] = []
    by_room: list[tuple[int, int]] = []
    for unit in sorted(units, key=lambda unit: -unit.n_tokens):
        own_tokens = unit.n_tokens - common_tokens
        place = bisect_left(by_room, (own_tokens, -1))
        if place == len(by_room):
            members.append(list(unit.members))
            used.append(unit.n_tokens)
            row = len(used) - 1
        else:
            _, row = by_room.pop(place)
            members[row] += unit.members
            used[row] += own_tokens
        insort(by_room, (row_tokens - used[row], row))
    return [_Unit(tuple(row), n_tokens) for row, n_tokens in zip(members, used, strict=True)]


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Count the tokens that both begin with."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))
