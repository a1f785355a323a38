"""Earlier texts that are like a given one, without comparing it with all of them.

    signature = MinHash of a text's pieces, 128 numbers; the share of equal ones estimates the Jaccard similarity
    bands     = 32 of 4 numbers each; texts that agree in one band are looked at

Two texts of a similarity of 0.7 agree in some band with a probability of 1 - (1 - 0.7^4)^32 = 0.9998, of 0.2 with
0.05 (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4). Seeds are fixed, so equal texts in an equal
order give equal answers.
"""

from collections.abc import Callable, Collection
from types import ModuleType
from typing import Any, Final

from mainspring.core.errors import ConfigError

Signature = Any
"""An `RMinHash` of rensa, which comes without types."""

_NUMBERS: Final = 128
_BANDS: Final = 32
_SEED: Final = 42


class Signatures:
    """Keeps the signatures of texts, and finds those that are like another one."""

    def __init__(self) -> None:
        self._rensa = _rensa()
        self._bands = self._rensa.RMinHashLSH(1.0, _NUMBERS, _BANDS)
        self._kept: list[Signature] = []

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, shingles: Collection[str]) -> Signature:
        """Make the signature of a text from its pieces, whose order is of no account."""
        signature = self._rensa.RMinHash(_NUMBERS, _SEED)
        signature.update(list(shingles))
        return signature

    def add(self, signature: Signature) -> int:
        """Keep a signature; give its place, from 0."""
        self._bands.insert(len(self._kept), signature)
        self._kept.append(signature)
        return len(self._kept) - 1

    def like(
        self,
        signature: Signature,
        least: float,
        *,
        most: int | None = None,
        fits: Callable[[int], bool] | None = None,
    ) -> list[int]:
        """Give the places of kept signatures that are like another one, the most similar first, then the earliest.

        Args:
            signature: The other one.
            least: The least estimated similarity.
            most: So many at most.
            fits: Whether a place comes into question at all.
        """
        places: list[int] = self._bands.query(signature)
        estimates = (
            (signature.jaccard(self._kept[place]), -place) for place in places if fits is None or fits(place)
        )
        found = sorted((estimate for estimate in estimates if estimate[0] >= least), reverse=True)
        return [-place for _, place in found[:most]]


def check_threshold(threshold: float) -> None:
    """Refuse a threshold that is no similarity.

    Raises:
        ConfigError: It is not above 0, or it is above 1.
    """
    if not 0.0 < threshold <= 1.0:
        raise ConfigError(f"threshold={threshold!r} is no similarity; give a number above 0 and at most 1")


def _rensa() -> ModuleType:
    try:
        import rensa  # type: ignore[import-untyped]  # it comes without types
    except ImportError as error:
        raise ConfigError(
            f"near duplicates are found with rensa ({error}): pip install 'mainspring[data]'"
        ) from error
    module: ModuleType = rensa
    return module
