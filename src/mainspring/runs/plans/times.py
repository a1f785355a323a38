"""Times and spans as people and models write them."""

import re
from datetime import datetime
from typing import Final

from mainspring.core.errors import ConfigError

_SECONDS: Final = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")
FORMS: Final = "2026-11-27T09:00 (with a zone, or of this machine's), or a span from now such as 45min, 3h, 2d, 1w"


def read_span_s(text: str) -> float:
    """Read a span: `90s`, `45min`, `3h`, `2d`, `1w`.

    Raises:
        ConfigError: It is none.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigError(f"{text!r} is no span; write a number and s, min, h, d or w, such as 45min or 2d")
    return float(found[1]) * _SECONDS[found[2]]


def read_time(text: str, now: float) -> float:
    """Read a time in ISO 8601, or a span from now; give seconds since the Unix epoch.

    Args:
        text: What was written.
        now: The present time.

    Raises:
        ConfigError: It is neither.
    """
    if _SPAN.fullmatch(text.strip().lower()):
        return now + read_span_s(text)
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ConfigError(f"{text!r} is no time; write {FORMS}") from None
