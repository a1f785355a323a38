"""Times and spans as people read them."""

from datetime import datetime
from typing import Final

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def seconds_text(seconds: float) -> str:
    """Write a span in the largest unit that it fills, and the next one where that says more."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
    rest = round(seconds)
    for place, (size, unit) in enumerate(_UNITS):
        whole, left = divmod(rest, size)
        if whole:
            below, name = _UNITS[place + 1] if place + 1 < len(_UNITS) else (1, "s")
            return f"{whole} {unit} {left // below} {name}" if left // below and whole < 10 else f"{whole} {unit}"
    return f"{rest} s"


def age_text(seconds: float) -> str:
    """Write how long ago something was, in one unit."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def clock_text(at: float) -> str:
    """Write a moment: the time of day, and the day where it is another one.

    Args:
        at: Seconds since the Unix epoch.
    """
    moment = datetime.fromtimestamp(at).astimezone()
    is_today = moment.date() == datetime.now().astimezone().date()
    return f"{moment:%H:%M:%S}" if is_today else f"{moment:%Y-%m-%d %H:%M:%S}"
