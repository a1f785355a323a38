"""What servers say about patience: `Retry-After`, and the rate-limit headers of OpenAI's wire."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_COUNTED: Final = ("requests", "tokens")
_LONGEST_REST_S: Final = 3600.0
"""Longer than any window that refills; what is larger is no duration but a date in some form."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Give the seconds that a refusal asks to wait; None where it does not say.

    `Retry-After` is seconds, or a date to be compared with the server's own; `retry-after-ms` is finer; without
    either, a rate limit that is used up says when it is filled again.
    """
    given = headers.get("Retry-After")
    if (fine := _number(headers.get("retry-after-ms"))) is not None:
        return fine / 1000
    if given is None:
        return rest_s(headers)
    if (seconds := _number(given)) is not None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(given) - parsedate_to_datetime(headers["Date"])).total_seconds())
    except (TypeError, ValueError, KeyError):  # a date without a time zone cannot be compared with one that has it
        return None


def rest_s(headers: Mapping[str, str]) -> float | None:
    """Give the seconds until a rate limit is filled again, where the headers say that one is used up."""
    waits = [
        wait_s
        for what in _COUNTED
        if _number(headers.get(f"x-ratelimit-remaining-{what}")) == 0
        and (wait_s := _duration_s(headers.get(f"x-ratelimit-reset-{what}"))) is not None
    ]
    return max(waits, default=None)


def _number(given: str | None) -> float | None:
    try:
        return max(0.0, float(given or ""))
    except ValueError:
        return None


def _duration_s(given: str | None) -> float | None:
    """Read `6m0s`, `20ms` or plain seconds."""
    seconds = _number(given)
    if seconds is None:
        pieces = _PIECE.findall(given or "")
        if "".join(number + unit for number, unit in pieces) != given:
            return None
        seconds = sum(float(number) * _UNITS_S[unit] for number, unit in pieces)
    return seconds if seconds <= _LONGEST_REST_S else None
