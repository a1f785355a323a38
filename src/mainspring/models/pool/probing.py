"""The way back: a member that is left out is probed when its time is over, and takes part again when it is well."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from mainspring.core.errors import MainspringError
from mainspring.models.pool.member import Member

E = TypeVar("E")

_PROBE_DEADLINE_S: Final = 30.0


class Prober(Generic[E]):
    """Probes members, one probe of each at a time.

    Args:
        members: All of them.
        now: Tells the time.
        returned: Lets a member take part again.
    """

    def __init__(
        self, members: Sequence[Member[E]], now: Callable[[], float], returned: Callable[[Member[E]], None]
    ) -> None:
        self._members = members
        self._now = now
        self._returned = returned
        self._probing: dict[Member[E], asyncio.Task[None]] = {}

    def tend(self) -> None:
        """Begin to probe those whose time it is, in the running loop."""
        now = self._now()
        self._leave_out_the_dead(now)
        for member in self._members:
            if member.health.is_due(now) and member not in self._probing:
                if member.probe is None:
                    self._returned(member)
                else:
                    self._probing[member] = asyncio.get_running_loop().create_task(self._probe(member))

    def _leave_out_the_dead(self, now: float) -> None:
        """Eject members that do not run, where others do, so that nobody waits until they are started."""
        dead = [member for member in self._members if member.is_up is not None and not member.is_up()]
        if len(dead) < len(self._members):
            for member in dead:
                if not member.health.is_ejected:
                    member.health.eject(now, "it does not run", for_s=0.0)

    async def _probe(self, member: Member[E]) -> None:
        """Find out whether a member may be asked again."""
        try:
            assert member.probe is not None  # noqa: S101 - `tend` has looked
            async with asyncio.timeout(_PROBE_DEADLINE_S):
                await member.probe()
        except (MainspringError, TimeoutError) as error:
            member.health.eject(self._now(), str(error) or "the probe was not answered in time")
        else:
            self._returned(member)
        finally:
            self._probing.pop(member, None)
