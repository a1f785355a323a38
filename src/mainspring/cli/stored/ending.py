"""How a durable run stands once it is not driven any more: its exit code, and what can be done about it."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

from mainspring.cli.app import BUDGET_SPENT, FAILED, INTERRUPTED, WAITING
from mainspring.cli.stored.answers import say_how_to_answer
from mainspring.cli.stored.limits import OPTIONS
from mainspring.cli.stored.store import typed
from mainspring.cli.views.screen import Screen
from mainspring.core import Budget, BudgetField
from mainspring.core.errors import BudgetError, MainspringError, RunCancelled, RunWaiting
from mainspring.core.events import BudgetExceeded
from mainspring.runs import DurableRun, Runs

_OWN: Final = "run:"


class Ending:
    """Tells how runs of one store ended.

    Args:
        runs: The store.
        store: What the person called it.
        notes: Where it is told.
    """

    def __init__(self, runs: Runs, store: str | None, notes: Screen) -> None:
        self._runs = runs
        self._store = store
        self._notes = notes

    async def tell(self, run: DurableRun[Any], agent: str, shown: Collection[str]) -> int:
        """Tell how a run ended, and give the exit code.

        Args:
            run: One that has ended, or waits for a human.
            agent: What to call its agent in commands.
            shown: Keys of its questions that were shown.
        """
        try:
            await run.result()
        except RunWaiting:
            say_how_to_answer(self._notes, self._store, run.id, await run.pending(), shown)
            self._say("and go on with", self._resume(run.id, agent))
            return WAITING
        except BudgetError as error:
            self._notes.error(str(error).partition("; raise it and")[0])
            self._say("raise it and go on with", *await self._raise(run, agent))
            return BUDGET_SPENT
        except RunCancelled as error:
            self._notes.error(str(error))
            self._say("it goes on with", self._resume(run.id, agent))
            return INTERRUPTED
        except MainspringError as error:
            self._notes.error(str(error))
            self._say("what failed is tried again by", self._resume(run.id, agent))
            return FAILED
        return 0

    def _say(self, words: str, *commands: str) -> None:
        self._notes.line(words, style="dim")
        for command in commands:
            self._notes.line(f"  {command}")

    def _resume(self, run: str, agent: str, *more: str) -> str:
        return typed(self._store, "runs", "resume", run, "--agent", agent, *more)

    async def _raise(self, run: DurableRun[Any], agent: str) -> list[str]:
        """Write the commands that give more and let it go on."""
        refused = [event for event in await run.events() if isinstance(event, BudgetExceeded)]
        if not refused:
            return [self._resume(run.id, agent)]
        last = refused[-1]
        balance = await self._runs.balance(last.budget)
        more = (OPTIONS[last.field], _more(balance.budget, last.field, last.needed))
        if last.budget == f"{_OWN}{run.id}":
            return [self._resume(run.id, agent, *more)]
        if last.budget.startswith(_OWN):
            return [self._resume(last.budget.removeprefix(_OWN), agent, *more)]
        return [typed(self._store, "runs", "budget", last.budget, *more), self._resume(run.id, agent)]


def _more(budget: Budget, name: BudgetField, needed: str) -> str:
    """Suggest a limit: twice as much, and enough for what did not fit."""
    limit = Decimal(str(getattr(budget, name) or 0))
    return f"{(limit + max(limit, Decimal(needed))).normalize():f}"
