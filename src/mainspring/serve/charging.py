"""Money: what a request may cost is held back before it is sent, and what it did cost is settled after.

Where nobody can say what it cost, the whole of what was held counts. Holds of a gateway that died lapse.
"""

import asyncio
import itertools
import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from mainspring.core import Clock, Usage
from mainspring.core.errors import BudgetError, ConfigError
from mainspring.models.chat import ChatModel
from mainspring.models.pool.pool import Pool
from mainspring.runs.journal import Balances
from mainspring.runs.ledger import Amounts, DoesNotFit, Reserve, Settle, amounts_of, in_words
from mainspring.serve.asked import Asked
from mainspring.serve.keys import Caller
from mainspring.serve.settings import KeySettings

_LAPSE_S: Final = 60.0
"""Longer than any call takes beyond its deadline."""


class Hold:
    """What is held back for one request; None of it for a caller without a budget.

    Args:
        charging: Whose hold it is.
        key: Its name.
        worst: The most that the request may use.
    """

    def __init__(self, charging: "Charging", key: str, worst: Amounts) -> None:
        self._charging = charging
        self._key = key
        self._worst = worst

    async def settle(self, usage: Usage | None) -> None:
        """Turn it into what was used; None where nobody knows.

        A server that says it used more than a request of that size can use is not believed.
        """
        amounts: Amounts | None = None
        if usage is not None:
            amounts = {name: min(n, self._worst.get(name, 0)) for name, n in amounts_of(usage).items()}
        await self._charging.settled(self._key, amounts)


class Charging:
    """Charges requests to the budgets of keys.

    Args:
        balances: The ledger.
        clock: Tells the time.
    """

    def __init__(self, balances: Balances, clock: Clock) -> None:
        self._balances = balances
        self._clock = clock
        self._owner = f"gateway:{secrets.token_hex(8)}"
        self._serial = itertools.count()

    async def open(self, keys: Mapping[str, KeySettings]) -> None:
        """Open the budgets of keys, or give them new limits."""
        for name, key in keys.items():
            if key.budget is not None:
                await self._balances.allow(Caller(name).budget_id, key.budget, window=key.window)

    async def hold(
        self, caller: Caller, asked: Asked, pool: Pool[ChatModel], max_output_tokens: int
    ) -> Hold | None:
        """Hold back what a request may cost.

        Raises:
            BudgetError: It may cost more than is left.
            ConfigError: The budget is in dollars, and nobody knows what the model costs.
        """
        if caller.budget is None:
            return None
        worst = _worst(caller, asked, pool, max_output_tokens)
        now, key = self._clock.now(), f"{next(self._serial)}"
        until = now + pool.settings.deadline_s + pool.settings.longest_stream_s + _LAPSE_S
        try:
            await self._balances.hold(self._owner, [caller.budget_id], Reserve(key, worst), now=now, until=until)
        except DoesNotFit as refusal:
            needed, left = in_words(refusal.field, refusal.needed), in_words(refusal.field, max(0, refusal.left))
            raise BudgetError(
                f"the budget of key {caller.name!r} has {left} {refusal.field} left; the request may take {needed}"
            ) from refusal
        except asyncio.CancelledError:  # it may be held all the same, and nobody would settle it
            await asyncio.shield(self.settled(key, {}))
            raise
        return Hold(self, key, worst)

    async def settled(self, key: str, amounts: Amounts | None) -> None:
        """Settle a hold."""
        await self._balances.settle_hold(self._owner, Settle(key, amounts), now=self._clock.now())


def _worst(caller: Caller, asked: Asked, pool: Pool[ChatModel], max_output_tokens: int) -> Amounts:
    """Give the most that a request may use: a token holds at least a byte, and hedging asks twice."""
    n_calls = 1 if pool.hedging is None else 2
    writes = asked.path != "/embeddings"
    usage = Usage(
        input_tokens=n_calls * asked.n_bytes,
        output_tokens=n_calls * asked.n_choices * (asked.max_output_tokens or max_output_tokens) * writes,
        model_calls=n_calls,
    )
    prices = [member.endpoint.priced(usage).cost_usd for member in pool.members]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices) and caller.budget is not None and caller.budget.usd is not None:
        raise ConfigError(
            f"nobody knows what model {asked.model!r} costs, and the budget of key {caller.name!r} is in dollars; "
            "give the model a price, or the key a limit of tokens"
        )
    most: Decimal | None = max(known, default=None)
    return amounts_of(
        Usage(
            input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, model_calls=n_calls, cost_usd=most
        )
    )
