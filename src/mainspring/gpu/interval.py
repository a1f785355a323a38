"""Amounts of memory as intervals, named terms, and the breakdown that adds them up.

Keeps true: low <= likely <= high, all of them whole non-negative bytes, and a breakdown's total is the sum
of its terms, bound by bound.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

GIB = 1024**3
"""Bytes in a GiB. A GPU sold as "80 GB" is counted in these."""

Number = int | float | Fraction


@dataclass(frozen=True, slots=True)
class Interval:
    """An amount in bytes that is known to lie between two bounds.

    Raises:
        ValueError: The bounds are negative or out of order.
    """

    low_bytes: int
    """What it takes if every doubt resolves in the user's favour."""
    likely_bytes: int
    """What the formulas give."""
    high_bytes: int
    """What to plan for."""

    def __post_init__(self) -> None:
        if not 0 <= self.low_bytes <= self.likely_bytes <= self.high_bytes:
            raise ValueError(f"an interval needs 0 <= low <= likely <= high, got {self!r}")

    @classmethod
    def of(cls, low: Number, likely: Number, high: Number) -> "Interval":
        """Round three amounts up to whole bytes."""
        return cls(ceil(low), ceil(likely), ceil(high))

    @classmethod
    def exact(cls, size: Number) -> "Interval":
        """Give an amount that has no doubt in it."""
        return cls.of(size, size, size)

    def __add__(self, other: "Interval") -> "Interval":
        return Interval(
            self.low_bytes + other.low_bytes,
            self.likely_bytes + other.likely_bytes,
            self.high_bytes + other.high_bytes,
        )

    def times(self, factor: Number) -> "Interval":
        """Scale all three bounds by a factor of at least zero, and round up."""
        return Interval.of(self.low_bytes * factor, self.likely_bytes * factor, self.high_bytes * factor)


NOTHING = Interval(0, 0, 0)
"""No memory at all."""


@dataclass(frozen=True, slots=True)
class Term:
    """One named share of a GPU's memory."""

    name: str
    """A few lower-case words, unique within a breakdown."""
    size: Interval
    """How much it takes on the fullest GPU."""
    why: str
    """Where the figure comes from, in one line."""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What one GPU holds, term by term. With several GPUs it is the fullest one."""

    terms: tuple[Term, ...]
    """Every share, largest subjects first; none is left out of the total."""

    @property
    def total(self) -> Interval:
        """The sum of all terms."""
        return total(term.size for term in self.terms)

    def term(self, name: str) -> Interval:
        """Look a term up by name; an absent term is no memory."""
        return total(term.size for term in self.terms if term.name == name)


def total(sizes: Iterable[Interval]) -> Interval:
    """Add intervals bound by bound."""
    low = likely = high = 0
    for size in sizes:
        low += size.low_bytes
        likely += size.likely_bytes
        high += size.high_bytes
    return Interval(low, likely, high)


def ceil(amount: Number) -> int:
    """Round up to a whole number of bytes."""
    return -int(-amount // 1)
