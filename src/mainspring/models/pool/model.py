"""A model whose calls go through a pool."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from mainspring.core import OnDelta, Reply, Request, Usage
from mainspring.models.chat import ChatModel
from mainspring.models.pool.call import Called, Try
from mainspring.models.pool.pool import Pool

T = TypeVar("T")


class PooledModel:
    """Asks whichever member of a pool is best.

    What a call used includes what was given up on the way: a member whose answer came second has read the prompt
    all the same, and charges for it.

    Args:
        pool: Whom it may ask.
    """

    def __init__(self, pool: Pool[ChatModel]) -> None:
        self.pool = pool

    def __repr__(self) -> str:
        return f"PooledModel({self.name!r}, members={[member.name for member in self.pool.members]})"

    @property
    def name(self) -> str:
        """What it is recorded as."""
        return self.pool.name

    @property
    def models(self) -> Sequence[ChatModel]:
        """The members' models."""
        return [member.endpoint for member in self.pool.members]

    @property
    def calls_at_most(self) -> int:
        """How many members may charge for one call."""
        return 1 if self.pool.hedging is None else 2

    @property
    def context_tokens(self) -> int | None:
        """The tokens that a prompt and its reply may have at any member; None where nobody knows."""
        known = [model.context_tokens for model in self.models if model.context_tokens is not None]
        return min(known, default=None)

    def price(self, usage: Usage) -> Decimal | None:
        """Give the US dollars of a usage at the dearest member; None where one's prices are not known."""
        prices = [model.price(usage) for model in self.models]
        known = [price for price in prices if price is not None]
        return max(known) if len(known) == len(prices) else None

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Ask for one decision; errors are those of `Pool.call`."""

        async def attempt(tried: Try[ChatModel]) -> Reply:
            return await tried.member.endpoint.once(request, on_delta, tried)

        called = await self.pool.call(attempt, session=request.session, owner=request.session)
        reply = called.value
        usage = charged(called, reply.usage, is_streamed=on_delta is not None)
        return replace(reply, usage=usage, member=called.member.name)


def charged(called: Called[ChatModel, T], answered: Usage, *, is_streamed: bool) -> Usage:
    """Give what a call costs with all that was given up on its way, and count it to the members.

    A call that was given up is charged for the prompt, and for what it can have written by then: it writes about as
    fast as the one that answered, and of a stream it had not begun to write.

    Args:
        called: How the call went.
        answered: What the answer used.
        is_streamed: Whether it came piece by piece.
    """
    called.member.counts.add(answered)
    usage = answered
    for lost in called.lost:
        written = 0.0 if is_streamed else min(1.0, lost.seconds / max(called.seconds, 1e-9))
        extra = lost.member.endpoint.priced(
            Usage(
                input_tokens=answered.input_tokens,
                output_tokens=math.ceil(written * answered.output_tokens),
                model_calls=1,
            )
        )
        lost.member.counts.add(extra)
        usage += extra
    return usage
