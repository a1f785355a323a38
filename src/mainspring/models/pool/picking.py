"""Which member a call goes to.

tier by tier, those that are well: [its session's own], [a lighter one that is owed its share], the best score

The best score is the smallest expected time, by a scan over all up to sixteen members, by two draws beyond. Nobody
is picked who rests, was tried by this call already, or has as many calls as it may.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from mainspring.models.pool.affinity import SLACK, Affinity
from mainspring.models.pool.member import Member
from mainspring.models.pool.settings import FULL_SCAN, PoolSettings

E = TypeVar("E")

_UNKNOWN_S = 0.001


@dataclass(frozen=True, slots=True)
class Picked(Generic[E]):
    """What a pick came to."""

    member: Member[E] | None
    """None where nobody is free."""
    is_full: bool = False
    """Whether there are members that only have too much to do: waiting helps."""


class Picker(Generic[E]):
    """Picks among members.

    Args:
        members: All of them.
        settings: How.
        random: Draws, where there are many.
    """

    def __init__(self, members: Sequence[Member[E]], settings: PoolSettings, random: Random) -> None:
        self._settings = settings
        self._random = random
        self._tiers = [
            [member for member in members if member.tier == tier and member.weight > 0]
            for tier in sorted({member.tier for member in members})
        ]
        self.affinity = Affinity()

    def pick(self, now: float, tried: Collection[Member[E]] = (), session: str = "") -> Picked[E]:
        """Pick a member for a call.

        Args:
            now: The time.
            tried: Members that this call was sent to already.
            session: Whose call it is.
        """
        is_full = False
        for group in self._groups():
            fit = [member for member in group if not member.health.is_resting(now) and member not in tried]
            free = [member for member in fit if member.is_free]
            is_full = is_full or len(free) < len(fit)
            if free:
                return Picked(self._among(free, now, session))
        return Picked(None, is_full)

    def second(self, now: float, first: Member[E]) -> Member[E] | None:
        """Pick another member of the same tier for a call that its first one is slow with."""
        tier = next(tier for tier in self._tiers if first in tier)
        free = [
            member
            for member in tier
            if member is not first
            and member.is_free
            and not member.health.is_ejected
            and not member.health.is_resting(now)
        ]
        return self._best(free, now) if free else None

    def _groups(self) -> Iterator[list[Member[E]]]:
        """Give the members that may be asked, tier by tier.

        A tier of which most are ejected comes behind the sound ones. Where there is no sound one, the trouble is
        more likely ours than theirs, and everybody is tried.
        """
        well = [[member for member in tier if not member.health.is_ejected] for tier in self._tiers]
        panic = self._settings.panic
        sound = [
            bool(some) and len(tier) - len(some) <= panic * len(tier)
            for some, tier in zip(well, self._tiers, strict=True)
        ]
        if not any(sound):
            yield from self._tiers
            return
        yield from (some for some, is_sound in zip(well, sound, strict=True) if is_sound)
        yield from (some for some, is_sound in zip(well, sound, strict=True) if not is_sound)

    def _among(self, free: list[Member[E]], now: float, session: str) -> Member[E]:
        own_name = self.affinity.get(session)
        own = next((member for member in free if member.name == own_name), None) if own_name else None
        if own is None:
            return self._owed(free) or self._best(free, now)
        best = self._best(free, now)
        unknown_s, slow_start_s = _least_known(free, now), self._settings.slow_start_s
        bound_s = SLACK * best.score(now, unknown_s, slow_start_s)
        return own if own.score(now, unknown_s, slow_start_s) <= bound_s else best

    def _owed(self, free: list[Member[E]]) -> Member[E] | None:
        """Give a member that is lighter than the others and has not had its share yet."""
        total, most = 0.0, 0.0
        for member in free:
            total += member.weight
            most = max(most, member.weight)
        if total == most * len(free):
            return None
        for member in free:
            if member.weight < most:
                member.credit = min(2.0, member.credit + member.weight / total)
        owed = max((member for member in free if member.weight < most), key=lambda member: member.credit)
        if owed.credit < 1.0:
            return None
        owed.credit -= 1.0
        return owed

    def _best(self, free: list[Member[E]], now: float) -> Member[E]:
        most = max(member.weight for member in free)
        heavy = [member for member in free if member.weight == most]
        if len(heavy) > FULL_SCAN:
            heavy = self._random.sample(heavy, 2)
        unknown_s = _least_known(heavy, now)
        slow_start_s = self._settings.slow_start_s
        return min(heavy, key=lambda member: (member.score(now, unknown_s, slow_start_s), member.counts.calls))


def _least_known(members: Sequence[Member[E]], now: float) -> float:
    """Give what is believed of members that never answered: they are as fast as the fastest."""
    known = [believed_s for member in members if (believed_s := member.latency.believed(now)) is not None]
    return min(known, default=_UNKNOWN_S)
