"""How runs get to whoever drives them: three verbs over an engine that knows nothing but their ids.

Delivery is at least once. A run that is delivered twice is driven once: whoever claims it second finds it taken,
and whoever writes second loses at the journal.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

Drive = Callable[[str], Awaitable[None]]
"""Drives a run as far as it goes now; does nothing where it is not to be had."""


class Dispatch(Protocol):
    """Carries run ids to workers."""

    async def submit(self, run: str, agent: str, *, at: float | None = None, priority: int = 0) -> None:
        """See to it that somebody drives a run; one that is on its way already is not sent twice.

        Args:
            run: Its id.
            agent: Whose run it is: only workers that know the agent get it.
            at: Not before this time, in seconds since the Unix epoch.
            priority: Higher goes first.

        Raises:
            JournalUnavailable: The engine cannot be reached.
        """
        ...

    async def work(self, drive: Drive, agents: Callable[[], Collection[str]]) -> None:
        """Drive what is submitted, several at a time, until cancelled; then wait for those in progress.

        Args:
            drive: Drives one run.
            agents: Gives the names of the agents that are known here; asked again whenever `refresh` is called.
        """
        ...

    async def cancel(self, run: str) -> None:
        """Do not deliver a run that nobody has begun to drive; one in progress is not touched."""
        ...

    def refresh(self) -> None:
        """Take notice that other agents are known here now."""
        ...
