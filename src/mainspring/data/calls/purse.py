"""What a build may spend: the worst case of each call is held back before it is made, in a budget of the store.

The budget is shared: all processes that work on a build draw on it, and what was spent before a crash stays spent.
A call that was under way in a process that died counts as spent whole when its time is over.
"""

from typing import Final

from mainspring.core import BudgetField, Clock, Model, Request, Usage
from mainspring.core.errors import BudgetError
from mainspring.core.models import Hedged
from mainspring.runs.costs import MAX_OUTPUT_TOKENS, cost_of
from mainspring.runs.journal import Balances
from mainspring.runs.ledger import Amounts, DoesNotFit, Reserve, Settle, amounts_of, in_words

_UNTIL_S: Final = 900.0
"""Longer than any call takes with all its retries at one time."""
_FORM_BYTES: Final = 4096
"""More than any mode says about how to reply."""
_MESSAGE_BYTES: Final = 64
"""More than any chat template puts around a message."""


class Purse:
    """Pays for model calls from a shared budget.

    Args:
        balances: Where the budget is.
        budget: Its name.
        owner: Who holds, unlike any other process.
        clock: Tells the time.
    """

    def __init__(self, balances: Balances, budget: str, owner: str, clock: Clock) -> None:
        self._balances = balances
        self._budget = budget
        self._owner = owner
        self._clock = clock

    async def hold(self, key: str, model: Model, request: Request) -> None:
        """Hold back the most that a call may use.

        Raises:
            BudgetError: That is more than is left.
        """
        now = self._clock.now()
        wanted = Reserve(key, _worst(model, request))
        try:
            await self._balances.hold(self._owner, [self._budget], wanted, now=now, until=now + _UNTIL_S)
        except DoesNotFit as refusal:
            left, needed = in_words(refusal.field, max(0, refusal.left)), in_words(refusal.field, refusal.needed)
            raise BudgetError(
                f"the budget has {left} {_words(refusal.field)} left, and a call of model {model.name!r} may take "
                f"{needed}; raise it, and the same command goes on from here"
            ) from refusal

    async def settle(self, key: str, usage: Usage | None) -> None:
        """Turn what was held back into what was used; all of it where nobody knows."""
        is_known = usage is not None and usage.input_tokens > 0
        spent = Settle(key, amounts_of(usage) if usage is not None and is_known else None)
        await self._balances.settle_hold(self._owner, spent, now=self._clock.now())

    async def free(self, key: str) -> None:
        """Give back what was held for a call that was not made."""
        await self._balances.settle_hold(self._owner, Settle(key, {}), now=self._clock.now())


def _words(field: BudgetField) -> str:
    return "US dollars" if field == "usd" else field.replace("_", " ")


def _worst(model: Model, request: Request) -> Amounts:
    """Bound what a call may use: a token holds at least one byte, and the reply is bounded."""
    n_calls = model.calls_at_most if isinstance(model, Hedged) else 1
    n_bytes = _FORM_BYTES + sum(len(message.text.encode()) + _MESSAGE_BYTES for message in request.messages)
    n_output = request.sampling.max_output_tokens or MAX_OUTPUT_TOKENS
    usage = Usage(input_tokens=n_calls * n_bytes, output_tokens=n_calls * n_output, model_calls=n_calls)
    return amounts_of(cost_of(model, usage))
