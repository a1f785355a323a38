"""This process's part in a store of runs: its agents, the runs it drives, the leases it keeps, its sweep.

The sweep sees to runs that nobody drives, and to goals that are due; a goal is looked at as well when one of its
runs has been driven here.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from mainspring.agent import Agent
from mainspring.agent.child import called_by
from mainspring.core import Clock
from mainspring.core.errors import ConfigError, JournalError, UnknownRun
from mainspring.runs.changes import cancelled
from mainspring.runs.dispatch import Dispatch
from mainspring.runs.driver import Driver
from mainspring.runs.forms import Forms
from mainspring.runs.identity import is_dead
from mainspring.runs.journal import EVERY, LIVING, Query, RunRow, Store
from mainspring.runs.leases import Keeper
from mainspring.runs.plans.plan import goal_of
from mainspring.runs.plans.planner import Planner
from mainspring.runs.settings import Settings
from mainspring.runs.watch import Watch

_log = logging.getLogger("mainspring.runs")

_SWEPT: Final = 200
"""How many runs, and how many goals, one sweep takes at most."""


class Working:
    """Drives runs of a store in this process.

    Args:
        store: Where runs are.
        dispatch: Carries their ids to workers.
        settings: How this process takes part.
        clock: Tells the time.
        driver: What this process is called.
    """

    def __init__(self, store: Store, dispatch: Dispatch, settings: Settings, clock: Clock, driver: str) -> None:
        self.watch = Watch()
        self.forms = Forms()
        self._store = store
        self._dispatch = dispatch
        self._settings = settings
        self._clock = clock
        self._agents: dict[str, Agent] = {}
        self._own: set[str] = set()
        """Runs that were handed in here, where only those are driven."""
        self._keeper = Keeper(store, driver, clock, settings.lease_s)
        self._driver = Driver(
            store=store,
            agents=self._agents,
            forms=self.forms,
            clock=clock,
            keeper=self._keeper,
            watch=self.watch,
            submit=self._submit,
            patience_s=settings.patience_s,
        )
        self.planner = Planner(store, self._agents, clock, self.hand_in_new, self.cancel)

    @property
    def agents(self) -> Mapping[str, Agent]:
        """The agents whose runs are driven here, by name."""
        return self._agents

    def register(self, agent: Agent) -> None:
        """Make an agent known, and those that it calls.

        Raises:
            ConfigError: Another agent of that name is known.
        """
        known = self._agents.get(agent.name)
        if known is agent:
            return
        if known is not None and known.tools.keys() != agent.tools.keys():
            raise ConfigError(f"two agents are called {agent.name!r}; give one of them another name")
        self._agents[agent.name] = agent
        for called in called_by(agent):
            self.register(called.agent)
            self.forms.learn(called.form)
        self._dispatch.refresh()

    def is_driving(self, run: str) -> bool:
        """Tell whether a run is in this process's hands."""
        return self._driver.is_driving(run)

    async def row(self, run: str) -> RunRow:
        """Give what is known of a run without reading its events.

        Raises:
            UnknownRun: It is not there.
        """
        for found in await self._store.rows(Query(ids=[run])):
            return found
        raise UnknownRun(f"there is no run {run!r} in {self._store.url}; see `mainspring runs list`")

    async def hand_in(self, run: str) -> None:
        """See to it that a run is driven, here or elsewhere.

        Raises:
            UnknownRun: It is not there.
        """
        row = await self.row(run)
        if not row.has_ended:
            await self.hand_in_new(run, row.agent, at=row.due_at, priority=row.priority)

    async def hand_in_new(self, run: str, agent: str, *, at: float | None, priority: int) -> None:
        """See to it that a run of which this is known is driven."""
        if not self._settings.adopt:
            self._own.add(run)
        await self._dispatch.submit(run, agent, at=at, priority=priority)

    async def stopped(self, run: str, *, has_ended: bool) -> None:
        """Take notice that a run is to stop: it is delivered no more, or whoever drives it here looks at it."""
        if has_ended:
            await self._dispatch.cancel(run)
        else:
            await self._keeper.look(run)
        self.watch.rests(run)

    async def cancel(self, run: str, by: str = "") -> None:
        """Stop a run, and the runs that it waits for; one that has ended is left as it is.

        Raises:
            UnknownRun: It is not there.
        """
        has_ended = await cancelled(self._store, await self.row(run), self._clock, by)
        await self.stopped(run, has_ended=has_ended)
        for child in await self._store.rows(Query(parent=run, statuses=LIVING, limit=EVERY)):
            await self.cancel(child.id, by)
        row = await self.row(run)
        if row.has_ended and row.parent is not None:
            await self.hand_in(row.parent)

    async def sweep(self) -> int:
        """Hand in every run of the known agents that nobody drives though somebody should; gives how many.

        Runs that goals are due to begin are among them, unless only runs are driven here that were handed in here.
        """
        if not self._agents:
            return 0
        due = await self._store.due(self._clock.now(), tuple(self._agents), _SWEPT)
        running = await self._store.rows(Query(agents=tuple(self._agents), statuses=["running"], limit=_SWEPT))
        orphans = [row for row in running if row.driver and (is_dead(row.driver) or self._driver.has_dropped(row))]
        found = [row for row in (*due, *orphans) if self._is_mine(row.id)]
        for row in found:
            await self._submit(row)
        n_begun = await self.planner.sweep(_SWEPT) if self._settings.adopt else 0
        return len(found) + n_begun

    async def work(self) -> None:
        """Drive runs until cancelled; then let what is in progress come to its end within the time of grace."""
        tasks = [
            asyncio.create_task(self._keeper.work(), name="mainspring-leases"),
            asyncio.create_task(self._sweep_on(), name="mainspring-sweep"),
            asyncio.create_task(self._dispatch.work(self._drive, lambda: self._agents), name="mainspring-work"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)  # cancels none of them
            for task in done:
                if (error := task.exception()) is not None:
                    _log.critical("this process drives runs no more", exc_info=error)
                    raise error
        finally:
            await self._wind_down(*tasks)

    async def _wind_down(self, *tasks: "asyncio.Task[None]") -> None:
        keeping, sweeping, working = tasks
        self._driver.stop()
        sweeping.cancel()
        working.cancel()
        _, in_progress = await asyncio.wait({working}, timeout=self._settings.grace_s)
        if in_progress:
            self._driver.abort()
        await asyncio.wait({working, sweeping})
        keeping.cancel()
        await asyncio.wait({keeping})

    async def _drive(self, run: str) -> None:
        """Drive a run; one that is for others to drive is left to the sweep of one of them."""
        if not self._is_mine(run):
            return
        await self._driver.drive(run)
        if (goal := goal_of(run)) is not None:
            await self._look(goal)

    async def _look(self, goal: str) -> None:
        """Let a goal go on at once, if that can be; a sweep comes by otherwise."""
        try:
            await self.planner.look(goal)
        except JournalError as error:
            _log.warning("goal %s could not be looked at: %s", goal, error)

    async def _sweep_on(self) -> None:
        while True:
            try:
                await self.sweep()
            except JournalError as error:
                _log.warning("the store could not be swept: %s", error)
            await asyncio.sleep(self._settings.sweep_s)

    async def _submit(self, row: RunRow) -> None:
        await self._dispatch.submit(row.id, row.agent, at=row.due_at, priority=row.priority)

    def _is_mine(self, run: str) -> bool:
        """Tell whether a run may be driven here: any, or only those handed in here and those that they start."""
        return self._settings.adopt or any(run == own or run.startswith(f"{own}.") for own in self._own)
