"""Whether a member may be asked: it rests when it asked for patience, and is left out when it keeps failing.

Ejected, it is probed when its time is over, and only a good probe brings it back, on trial: the next failure ejects
it again, for twice as long. A rest is no failure, and the longer of two rests counts.
"""

from collections import deque
from random import Random
from typing import Final

from mainspring.core.errors import ModelError, ModelRefused, ModelUnavailable, ModelUnreachable

MISCONFIGURED: Final = frozenset({401, 402, 403, 404})
"""Refusals that are about the member, its key, credit or model name: another member may well serve the call."""
_FIRST_S: Final = 1.0
_MOST_DOUBLINGS: Final = 10
_LONGEST_S: Final = 60.0
_MISCONFIGURED_S: Final = 30.0
_JITTER: Final = 0.2
_RATED: Final = 20
_RATED_AT_LEAST: Final = 10
_WORST_RATE: Final = 0.5
_REST_S: Final = 1.0
_LONGEST_REST_S: Final = 3600.0
"""Who asks for more is asked again after an hour all the same: a clock may be wrong, and a limit lifted."""
_RATE_LIMITED: Final = 429
_FORGIVEN_AFTER: Final = 10
_SUCCESS_ALPHA: Final = 0.05


def is_of_the_call(error: ModelError) -> bool:
    """Tell whether a call was refused for its own sake: nobody else would serve it, and nobody has failed."""
    return isinstance(error, ModelRefused) and error.status not in MISCONFIGURED


class Health:
    """What is known of one member's failures.

    Args:
        eject_after: Failures in a row after which it is left out.
        random: Spreads the returns of members that were ejected together.
    """

    def __init__(self, eject_after: int, random: Random) -> None:
        self.reason = ""
        """Why it was ejected or rests, in words."""
        self.n_ejections = 0
        self.success = 1.0
        """The part of calls that succeed, as an exponentially weighted mean."""
        self.ejected_until: float | None = None
        """Until when it is left out at least; None where it takes part."""
        self.resting_until = 0.0
        self.returned_at: float | None = None
        """When it came back from its last ejection."""
        self._eject_after = eject_after
        self._random = random
        self._recent: deque[bool] = deque(maxlen=_RATED)
        self._n_failed = 0
        self._n_good = 0
        self._n_in_a_row = 0
        """Ejections since it was last well for a while."""
        self._is_on_trial = False

    @property
    def is_ejected(self) -> bool:
        """Whether it is left out."""
        return self.ejected_until is not None

    def is_resting(self, now: float) -> bool:
        """Whether it asked for patience that is not over yet."""
        return now < self.resting_until

    def is_due(self, now: float) -> bool:
        """Whether it is time to probe it."""
        return self.ejected_until is not None and now >= self.ejected_until

    def succeeded(self) -> None:
        """Take in a call that was answered."""
        self.success += _SUCCESS_ALPHA * (1.0 - self.success)
        self._recent.append(True)
        self._n_failed = 0
        self._n_good += 1
        self._is_on_trial = False
        if self._n_good >= _FORGIVEN_AFTER:
            self._n_in_a_row = 0

    def failed(self, now: float, error: ModelError) -> None:
        """Take in a call that was not; leave the member out where that is one too many.

        One that is left out already stays so for as long as was said: calls that were under way tell nothing more.
        """
        if is_of_the_call(error):
            return
        if isinstance(error, ModelRefused):
            if not self.is_ejected:
                self.eject(now, str(error), for_s=_MISCONFIGURED_S)
            return
        self.success -= _SUCCESS_ALPHA * self.success
        wait_s = error.retry_after_s if isinstance(error, ModelUnavailable) else None
        is_limited = isinstance(error, ModelUnavailable) and error.status == _RATE_LIMITED
        if wait_s is not None or is_limited:
            self.rest(now, _REST_S if wait_s is None else wait_s, str(error))
        if is_limited:
            return
        self._n_good = 0
        self._n_failed += 1
        self._recent.append(False)
        is_gone = self._is_on_trial or isinstance(error, ModelUnreachable) or self._n_failed >= self._eject_after
        if not self.is_ejected and (is_gone or self._is_rated_out()):
            self.eject(now, str(error))

    def rest(self, now: float, seconds: float, reason: str) -> None:
        """Leave it alone for a while, an hour at most."""
        until = now + min(_LONGEST_REST_S, seconds)
        if until > self.resting_until:
            self.resting_until = until
            self.reason = reason

    def eject(self, now: float, reason: str, for_s: float | None = None) -> None:
        """Leave it out, for longer each time, or for a given time."""
        doubled_s = _FIRST_S * 2 ** min(_MOST_DOUBLINGS, self._n_in_a_row)
        seconds = min(_LONGEST_S, doubled_s) if for_s is None else for_s
        self.ejected_until = now + seconds * (1 + _JITTER * self._random.random())
        self.reason = reason
        self.n_ejections += 1
        self._n_in_a_row += 1

    def returned(self, now: float) -> None:
        """Let it take part again, on trial."""
        self.ejected_until = None
        self.returned_at = now
        self._is_on_trial = True
        self._n_failed = self._n_good = 0
        self._recent.clear()

    def _is_rated_out(self) -> bool:
        n = len(self._recent)
        return n >= _RATED_AT_LEAST and self._recent.count(False) / n > _WORST_RATE
