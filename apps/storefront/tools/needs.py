"""The weather that furniture has to stand, as agents hand it on: `rain 3, frost 2, sun 1, salt 2`."""

import re
from collections.abc import Mapping
from typing import Final

from apps.storefront.shop.errors import WrongInput

SCALES: Final = ("rain", "frost", "sun", "salt")
_NEED: Final = re.compile(rf"({'|'.join(SCALES)})\b\D{{0,12}}?([0-3])(?![0-9])", re.IGNORECASE)


def read_needs(text: str) -> dict[str, int]:
    """Read the least resistance on each scale; scales that are not named need none.

    Raises:
        WrongInput: It names none, although there are words.
    """
    found = {scale.lower(): int(grade) for scale, grade in _NEED.findall(text)}
    if text.strip().casefold() not in {"", "none"} and not found:
        raise WrongInput(f"{text!r} says no need; write it like `rain 3, frost 2, sun 1, salt 0`, or none")
    return found


def write_needs(needs: Mapping[str, int]) -> str:
    """Say needs the way they are read."""
    return ", ".join(f"{scale} {needs.get(scale, 0)}" for scale in SCALES)
