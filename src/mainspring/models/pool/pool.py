"""Several servers behind one name: who is asked, who waits, who is left out.

call = acquire a member -> send -> release it, with what was seen
acquire = pick, or wait in line

A member is counted as taken in the moment it is picked, so that calls that come together do not all go to the same
one. What is sent, and how, is the business of whoever calls: an agent's model and the gateway use the same pool.
"""

import threading
from collections.abc import Collection, Sequence
from random import Random
from typing import Final, Generic, TypeVar

from mainspring.core import Clock, SystemClock
from mainspring.core.errors import (
    ConfigError,
    ModelBusy,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
)
from mainspring.models.pool.call import Attempt, Call, Called
from mainspring.models.pool.health import Health, is_of_the_call
from mainspring.models.pool.hedging import Hedging
from mainspring.models.pool.line import Line, Waiter
from mainspring.models.pool.member import Member
from mainspring.models.pool.picking import Picked, Picker
from mainspring.models.pool.probing import Prober
from mainspring.models.pool.settings import PoolSettings

E = TypeVar("E")
T = TypeVar("T")

_LOOK_AGAIN_S: Final = 0.25
"""How often a call in line looks whether somebody's rest or ejection is over."""


class Pool(Generic[E]):
    """Members that can serve the same calls. May be used from several event loops and threads.

    Args:
        name: What it is called in errors.
        members: At least one, with names of their own.
        settings: How it works.
        clock: Tells the time; its `monotonic` has to go with the event loop's timers.
        random: Draws members, spreads waits.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[Member[E]],
        settings: PoolSettings | None = None,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        self.name = name
        self.settings = settings or PoolSettings()
        self.hedging = Hedging(self.settings.hedge) if self.settings.hedge else None
        self.random = random or Random()  # noqa: S311 - spreads load, guards nothing
        self._now = (clock or SystemClock()).monotonic
        self._line: Line[E] = Line()
        self._lock = threading.RLock()
        self._check(members)
        self._join(members)
        self._consist_of(members)

    def __repr__(self) -> str:
        return f"Pool({self.name!r}, members={[member.name for member in self.members]})"

    @property
    def n_waiting(self) -> int:
        """How many calls wait in line."""
        return len(self._line)

    def now(self) -> float:
        """Give the time by the pool's clock, in seconds."""
        return self._now()

    def adopt(self, members: Sequence[Member[E]]) -> None:
        """Consist of other members from here on, while calls go on.

        One that is known by its name and by what it was made of stays, with all that was seen of it, and has the
        weight, tier and concurrency of its successor. One that is gone is asked no more, and ends what it has.

        Args:
            members: All there are to be, made anew.

        Raises:
            ConfigError: Two have the same name, or none has a weight; the pool is as it was.
        """
        self._check(members)
        with self._lock:
            known = {(member.name, member.made_of): member for member in self.members}
            self._join([member for member in members if (member.name, member.made_of) not in known])
            affinity = self._picker.affinity
            self._consist_of(
                [_succeeded(known.get((new.name, new.made_of)), new, self.settings) for new in members]
            )
            self._picker.affinity = affinity
            self._serve()

    async def call(
        self, attempt: Attempt[E, T], *, session: str = "", owner: str = "", hedge: bool = True
    ) -> Called[E, T]:
        """Have a call answered by one of the members.

        Args:
            attempt: Sends it to a member. Raises a `ModelError` where that came to nothing; may be cancelled.
            session: Whose conversation it belongs to; calls of one session go to one member while that is wise.
            owner: Who sends it; owners take turns where calls have to wait.
            hedge: Whether it may be sent to a second member where the first one is slow.

        Raises:
            ModelRefused: It cannot succeed as it is.
            ModelBusy: All members are full, and too many calls wait already.
            ModelUnavailable: No member could serve it.
            ReplyCut: It broke off after its first content had come.
            ModelTimeout: The deadline passed.
        """
        return await Call(self, attempt, session, owner, hedge=hedge).made()

    async def acquire(
        self, tried: Collection[Member[E]], session: str, owner: str, until_s: float
    ) -> Member[E] | None:
        """Pick a member for a call and count it as taken; wait for one where all have too much to do.

        Args:
            tried: Members that the call was sent to already.
            session: Whose conversation it belongs to.
            owner: Who sends it.
            until_s: When its deadline is, by the pool's clock.

        Returns:
            The member, to be given to `release` whatever happens; None where every one that is well was tried.
        """
        self.tend()
        with self._lock:
            if not self._line:
                picked = self._picker.pick(self._now(), tried, session)
                if picked.member is not None:
                    return self._taken(picked.member)
                if not self._is_worth_waiting(picked, tried, until_s):
                    return None
            self._check_line(until_s)
            waiter: Waiter[E] = Waiter(owner, session, tried)
            self._line.join(waiter)
        return await self._waited(waiter, until_s)

    def release(self, member: Member[E]) -> None:
        """Give a member back, and hand it to whoever waits."""
        with self._lock:
            member.in_flight -= 1
            if self._line:
                self._serve()

    def second(self, first: Member[E]) -> Member[E] | None:
        """Pick another member for a call that its first one is slow with, where the bucket has a call left."""
        with self._lock:
            member = self._picker.second(self._now(), first) if first in self._asked else None
            if member is None or self.hedging is None or not self.hedging.take():
                return None
            return self._taken(member)

    def succeeded(self, member: Member[E], session: str, seconds: float) -> None:
        """Take in a call that was answered."""
        with self._lock:
            member.latency.add(seconds, self._now())
            member.health.succeeded()
            if self.settings.affinity:
                self._picker.affinity.keep(session, member.name)

    def failed(self, member: Member[E], session: str, seconds: float, error: ModelError) -> None:
        """Take in a call that was not."""
        with self._lock:
            if is_of_the_call(error):
                return
            member.latency.heard(self._now())
            if isinstance(error, ModelTimeout):
                member.latency.add_at_least(seconds, self._now())
            member.counts.failures += 1
            member.health.failed(self._now(), error)
            self._picker.affinity.give_up(session, member.name)

    def abandoned(self, member: Member[E], seconds: float) -> None:
        """Take in a call that was given up before its end."""
        with self._lock:
            member.counts.abandoned += 1
            member.latency.add_at_least(seconds, self._now())

    def rest_left_s(self) -> float:
        """Give the seconds until the first member has rested enough."""
        return max(0.0, min(member.health.resting_until for member in self._asked) - self._now())

    def tend(self) -> None:
        """Begin to probe the members whose time it is; to be called now and then, in an event loop."""
        with self._lock:
            self._prober.tend()

    def _check(self, members: Sequence[Member[E]]) -> None:
        """Refuse members that make no pool."""
        if len({member.name for member in members}) < len(members):
            raise ConfigError(f"two members of pool {self.name!r} have the same name; give them different ones")
        if not any(member.weight > 0 for member in members):
            raise ConfigError(f"pool {self.name!r} has no member with a weight above 0; give it one")

    def _join(self, members: Sequence[Member[E]]) -> None:
        """Begin to look at members."""
        for member in members:
            member.concurrency = member.concurrency or self.settings.concurrency
            member.health = Health(self.settings.eject_after, self.random)

    def _consist_of(self, members: Sequence[Member[E]]) -> None:
        self.members = tuple(members)
        self._asked = [member for member in self.members if member.weight > 0]
        self._picker: Picker[E] = Picker(self.members, self.settings, self.random)
        self._prober: Prober[E] = Prober(self.members, self._now, self._returned)

    def _returned(self, member: Member[E]) -> None:
        with self._lock:
            member.health.returned(self._now())
            self._serve()

    def _taken(self, member: Member[E]) -> Member[E]:
        member.in_flight += 1
        member.counts.calls += 1
        return member

    def _serve(self) -> None:
        self._line.serve(self._pick_for)

    def _pick_for(self, waiter: Waiter[E]) -> Member[E] | None:
        member = self._picker.pick(self._now(), waiter.tried, waiter.session).member
        return None if member is None else self._taken(member)

    async def _waited(self, waiter: Waiter[E], until_s: float) -> Member[E] | None:
        """Wait in line, and look now and then whether there is still somebody to wait for."""
        try:
            while not self._is_in_vain(waiter, until_s):
                member = await waiter.wait(min(_LOOK_AGAIN_S, self.rest_left_s() or _LOOK_AGAIN_S))
                if member is not None:
                    return member
                self.tend()
        except BaseException:
            with self._lock:
                self._line.leave(waiter)
            if waiter.member is not None:
                self.release(waiter.member)
            raise
        return None

    def _is_in_vain(self, waiter: Waiter[E], until_s: float) -> bool:
        """Take a call out of the line that nobody will serve any more."""
        with self._lock:
            self._serve()
            if waiter.member is not None:
                return False
            picked = self._picker.pick(self._now(), waiter.tried, waiter.session)
            if self._is_worth_waiting(picked, waiter.tried, until_s):
                return False
            self._line.leave(waiter)
            return True

    def _is_worth_waiting(self, picked: Picked[E], tried: Collection[Member[E]], until_s: float) -> bool:
        """Tell whether somebody may serve a call that nobody can serve at once.

        Raises:
            ModelUnavailable: Nobody will be back in time.
        """
        if not picked.is_full:
            if tried:
                return False
            self._check_rest(until_s)
        return True

    def _check_line(self, until_s: float) -> None:
        """Refuse a call that would wait in vain."""
        n_waiting, now = len(self._line), self._now()
        n_slots = sum(member.concurrency or 0 for member in self._asked if not member.health.is_ejected)
        known = [believed for member in self._asked if (believed := member.latency.believed(now)) is not None]
        expected_s = n_waiting * (sum(known) / len(known)) / n_slots if known and n_slots else 0.0
        if n_waiting >= self.settings.queue or now + expected_s > until_s:
            raise ModelBusy(
                f"all members of {self.name!r} are busy and {n_waiting} calls wait already; try again later, "
                "give the pool more members, or raise its queue",
                retry_after_s=max(1.0, expected_s),
            )

    def _check_rest(self, until_s: float) -> None:
        """Refuse a call for which nobody will have rested, or be back, in time."""
        back_at = min(
            max(member.health.resting_until, member.health.ejected_until or 0.0) for member in self._asked
        )
        if back_at > until_s:
            reasons = "; ".join(sorted({member.health.reason for member in self._asked if member.health.reason}))
            raise ModelUnavailable(
                f"no member of {self.name!r} will be back in time: {reasons}", retry_after_s=back_at - self._now()
            )


def _succeeded(known: Member[E] | None, new: Member[E], settings: PoolSettings) -> Member[E]:
    """Give a member that is known with what is said of it anew; the new one where it is not."""
    if known is None:
        return new
    known.weight, known.tier = new.weight, new.tier
    known.concurrency = new.concurrency or settings.concurrency
    return known
