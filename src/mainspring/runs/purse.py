"""What a run may spend: asked before each effect, and what happens when it is not enough.

The budgets themselves are in the store, where many runs draw on them at once; this is one run's way to them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from mainspring.core import Budget, Clock, Parked
from mainspring.core.errors import BudgetError, TooDear
from mainspring.core.events import BudgetExceeded, HumanAnswered, HumanAsked, Intent, ModelCalled, Response, Wait
from mainspring.runs.costs import WorstCase
from mainspring.runs.history import History
from mainspring.runs.ledger import Amounts, Balance, DoesNotFit, Reserve, in_words
from mainspring.runs.writer import Writer

_ONE_CALL: Final[Amounts] = {"tool_calls": 1}
_UNITS: Final[Mapping[str, str]] = {
    "usd": "US dollars",
    "input_tokens": "input tokens",
    "output_tokens": "output tokens",
    "model_calls": "model calls",
    "tool_calls": "tool calls",
    "wall_s": "seconds of work",
}

Ask = Callable[[Wait], Awaitable[Response]]
"""Asks a human; parks the run where no answer has come."""


class Purse:
    """Pays for the effects of one run.

    Args:
        balances: The budgets it draws on, as they stood when this drive began.
        worst: Bounds what model calls cost.
        history: What is known of the run.
        writer: Writes to its journal.
        clock: Tells how long this drive has been at work.
    """

    def __init__(
        self, balances: Mapping[str, Balance], worst: WorstCase, history: History, writer: Writer, clock: Clock
    ) -> None:
        self.worst = worst
        self._balances = balances
        self._history = history
        self._writer = writer
        self._clock = clock
        self._began_s = clock.monotonic()

    async def pay(self, intent: Intent, begin: Callable[[Reserve], Awaitable[object]], ask: Ask) -> None:
        """Begin an effect with its worst case held back.

        Args:
            intent: The effect.
            begin: Writes its beginning together with the reservation.
            ask: Asks a human for more, where the budget wants that.

        Raises:
            TooDear: It does not fit, and a cheaper model is to be tried.
            BudgetError: It does not fit.
            Parked: It does not fit, and a human is asked.
        """
        amounts = self.worst.of(intent) if isinstance(intent, ModelCalled) else _ONE_CALL
        while True:
            try:
                await begin(Reserve(intent.key, amounts))
            except DoesNotFit as refusal:
                await self._refused(intent, refusal, ask)
            else:
                return

    def wall_left_s(self) -> float | None:
        """Give the seconds of work that are left; None where they are not limited."""
        lefts = [left for balance in self._balances.values() if (left := balance.left("wall_s")) is not None]
        worked_s = self._clock.monotonic() - self._began_s
        return max(0.0, min(lefts) / 1000 - worked_s) if lefts else None

    async def out_of_time(self, intent: Intent, ask: Ask) -> None:
        """Say that the seconds of work are spent; what was begun is taken up again if there is more.

        Raises:
            BudgetError: They are, and that ends the run.
            Parked: A human is asked for more.
        """
        scarce = min(
            (balance for balance in self._balances.values() if balance.left("wall_s") is not None),
            key=lambda balance: balance.left("wall_s") or 0,
        )
        await self._refused(intent, DoesNotFit(intent.key, scarce.id, "wall_s", 1, 0), ask)

    async def _refused(self, intent: Intent, refusal: DoesNotFit, ask: Ask) -> None:
        """Stop, ask, or let a cheaper model be tried; come back where a human has allowed more."""
        action = self._balances[refusal.budget].budget.when_spent if refusal.budget in self._balances else "stop"
        words = _words(intent, refusal)
        if action == "ask":
            await self._ask(intent, refusal.budget, words, ask)
            return
        model = intent.model if isinstance(intent, ModelCalled) else None
        degrades = action == "degrade" and model is not None and refusal.field != "wall_s"
        self._writer.later(
            BudgetExceeded(
                key=intent.key,
                model=model,
                budget=refusal.budget,
                field=refusal.field,
                needed=in_words(refusal.field, refusal.needed),
                left=in_words(refusal.field, refusal.left),
                action="degrade" if degrades else "stop",
            )
        )
        hint = f"raise it and the run goes on: `mainspring runs resume {self._writer.run} ...`"
        raise (TooDear if degrades else BudgetError)(f"{words}; {hint}")

    async def _ask(self, intent: Intent, budget: str, words: str, ask: Ask) -> None:
        place = 0
        while isinstance(answered := self._history.happened.get(_key(intent, place)), HumanAnswered):
            if answered.verdict == "deny":
                raise BudgetError(f"{words}; a human refused more ({answered.reason or 'no reason given'})")
            place += 1
        question = f"{words}. May it have more?"
        await ask(HumanAsked(key=_key(intent, place), kind="budget", question=question, budget=budget))
        raise Parked


def limits(budgets: Mapping[str, Balance]) -> list[Budget]:
    """Give the limits of budgets."""
    return [balance.budget for balance in budgets.values()]


def _key(intent: Intent, place: int) -> str:
    return f"budget:{place}:{intent.key}"


def _words(intent: Intent, refusal: DoesNotFit) -> str:
    what = f"model {intent.model!r}" if isinstance(intent, ModelCalled) else f"tool {intent.call.name!r}"
    needed, left = in_words(refusal.field, refusal.needed), in_words(refusal.field, max(0, refusal.left))
    return f"budget {refusal.budget!r} has {left} {_UNITS[refusal.field]} left, and {what} may take {needed}"
