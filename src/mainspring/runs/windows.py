"""Windows of time that a budget counts in: hours, days and months of UTC, each from its first second on."""

import math
from datetime import UTC, datetime
from typing import Final, Literal

Window = Literal["hour", "day", "month"]
"""How long a budget remembers what was spent."""

_SECONDS: Final = {"hour": 3600, "day": 86_400}


def start_of(window: Window, now: float) -> int:
    """Give when the window that a time falls in began; both are seconds since the Unix epoch."""
    second = math.floor(now)
    if window == "month":
        day = datetime.fromtimestamp(second, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp())
    return second - second % _SECONDS[window]
