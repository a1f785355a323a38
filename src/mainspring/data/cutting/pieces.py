"""Where to cut: at headings first, then between paragraphs, then between sentences.

What fits stays together. What does not is cut at its outermost headings, and where there are none into pieces of
about the same size. A piece that is too small to be asked about joins a neighbour.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from mainspring.data.cutting.atoms import Atom

Piece = tuple[int, int]
"""The places of its first atom and behind its last one."""


class Pieces:
    """Cuts a document's atoms into pieces.

    Args:
        atoms: All of them.
        most: Tokens a piece has at most, unless it is a single sentence.
        least: A piece of fewer tokens joins a neighbour where it may.
    """

    def __init__(self, atoms: Sequence[Atom], most: int, least: int) -> None:
        self._atoms = atoms
        self._most = most
        self._least = least
        self._sums = [0, *accumulate(atom.n_tokens for atom in atoms)]
        self._top = min((atom.level for atom in atoms if atom.level), default=0)

    def n_tokens(self, piece: Piece) -> int:
        """Give the size of a piece."""
        return self._sums[piece[1]] - self._sums[piece[0]]

    def cut(self) -> list[Piece]:
        """Give the pieces, in order; together they are all atoms."""
        return self._joined(list(self._by_heading((0, len(self._atoms))))) if self._atoms else []

    def _by_heading(self, piece: Piece) -> Iterator[Piece]:
        if self.n_tokens(piece) <= self._most:
            yield piece
            return
        first, end = piece
        level = min((atom.level for atom in self._atoms[first + 1 : end] if atom.level), default=0)
        if not level:
            yield from self._balanced(piece)
            return
        inside = [place for place in range(first + 1, end) if self._atoms[place].level == level]
        for part in pairwise([first, *inside, end]):
            yield from self._by_heading(part)

    def _balanced(self, piece: Piece) -> Iterator[Piece]:
        first, end = piece
        while (n_left := self.n_tokens((first, end))) > self._most and end - first > 1:
            best_size = n_left / -(-n_left // self._most)
            cut = self._best_cut((first, end), best_size)
            yield first, cut
            first = cut
        yield first, end

    def _best_cut(self, piece: Piece, best_size: float) -> int:
        """Find the cut that is nearest to the best size, or somewhat further from it and better."""
        first, end = piece
        furthest = bisect_right(self._sums, self._sums[first] + self._most, first + 1, end) - 1
        cuts = range(first + 1, max(furthest, first + 1) + 1)

        def badness(cut: int) -> float:
            return abs(self.n_tokens((first, cut)) - best_size) / best_size + self._atoms[cut].penalty

        return min(cuts, key=badness)

    def _joined(self, pieces: list[Piece]) -> list[Piece]:
        """Let small pieces join a neighbour, the one that they are less divided from."""
        done: list[Piece] = []
        for piece, behind in zip(pieces, [*pieces[1:], None], strict=True):
            if done and self._may_join(done[-1], piece) and not self._prefers(piece, behind):
                done[-1] = (done[-1][0], piece[1])
            else:
                done.append(piece)
        return done

    def _prefers(self, piece: Piece, behind: Piece | None) -> bool:
        """Tell whether a small piece joins what is behind it rather than what is before it."""
        if behind is None or not self._is_small(piece) or not self._may_join(piece, behind):
            return False
        return self._division(behind) < self._division(piece)

    def _division(self, piece: Piece) -> int:
        """Say how deeply a piece is divided from what is before it: 0 within a section."""
        level = self._atoms[piece[0]].level
        return 10 - level if level else 0

    def _is_small(self, piece: Piece) -> bool:
        return self.n_tokens(piece) < self._least

    def _may_join(self, before: Piece, piece: Piece) -> bool:
        if self.n_tokens(before) + self.n_tokens(piece) > self._most:
            return False
        is_small = self._is_small(before), self._is_small(piece)
        is_top = bool(self._top) and self._atoms[piece[0]].level == self._top
        return all(is_small) if is_top else any(is_small)
