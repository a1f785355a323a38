"""One call through a pool: sent, sent elsewhere where that failed, sent twice where it is slow.

made  = rounds of attempts, until one is answered; a pause with jitter only after everybody was tried
raced = an attempt, and a second one at another member when the first is slow; the first content decides

A call that got content is committed to its member: nobody else is asked from then on, and what breaks off after
that is the caller's to judge.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from mainspring.core.errors import ModelError, ModelRefused, ModelTimeout, ReplyCut
from mainspring.models.patience import rest_s
from mainspring.models.pool.health import is_of_the_call
from mainspring.models.pool.member import Member

if TYPE_CHECKING:
    from mainspring.models.pool.pool import Pool

E = TypeVar("E")
T = TypeVar("T")

_BACKOFF_S: Final = 0.25
_LONGEST_BACKOFF_S: Final = 8.0
_ASK_AGAIN_S: Final = 0.01
"""How soon a slow call that could not be sent twice asks again at most: the bucket fills up meanwhile."""


@dataclass(frozen=True, slots=True)
class Lost(Generic[E]):
    """A call that was given up unanswered, and that its member may charge for all the same."""

    member: Member[E]
    seconds: float
    """How long it had worked."""


@dataclass(frozen=True, slots=True)
class Called(Generic[E, T]):
    """What came of a call."""

    value: T
    member: Member[E]
    """Who answered."""
    seconds: float
    """How long the answer took, without what was tried before."""
    n_sent: int
    """How many members it was sent to."""
    lost: tuple[Lost[E], ...]
    """Those that were given up."""


@dataclass(slots=True, eq=False)
class Try(Generic[E]):
    """One sending of a call to one member."""

    member: Member[E]
    is_hedge: bool
    started_s: float
    _call: "Call[E, Any]"
    is_committed: bool = False
    deadline: asyncio.Timeout | None = None
    task: "asyncio.Task[Any] | None" = None
    """What it runs in, once that has begun: a task cancelled before would not give its member back."""

    def headers(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of a reply: a member whose rate limit is used up rests until it is filled again."""
        seconds = rest_s(headers)
        if seconds:
            self.member.health.rest(self._call.pool.now(), seconds, "its rate limit is used up")

    def commit(self) -> None:
        """Say that the first content has come, before anybody is told: from here on nobody else is asked.

        Raises:
            asyncio.CancelledError: Another member was faster.
        """
        self._call.commit(self)


Attempt = Callable[[Try[E]], Awaitable[T]]
"""Sends a call to a member. Streams say `commit` at their first content."""


class Call(Generic[E, T]):
    """One call.

    Args:
        pool: Whose members it may go to.
        attempt: Sends it.
        session: Whose conversation it belongs to.
        owner: Who sends it.
        hedge: Whether it may be sent twice.
    """

    def __init__(self, pool: "Pool[E]", attempt: Attempt[E, T], session: str, owner: str, *, hedge: bool) -> None:
        self.pool = pool
        self._attempt = attempt
        self._session = session
        self._owner = owner
        self._hedging = pool.hedging if hedge else None
        self._tried: list[Member[E]] = []
        self._lost: list[Lost[E]] = []
        self._n_sent = 0
        self._deadline: asyncio.Timeout | None = None
        self._is_streaming = False
        """Whether content has come; of a whole reply that is its end."""
        self._sent: list[Try[E]] = []
        """Those under way."""

    async def made(self) -> Called[E, T]:
        """Have the call answered; errors are those of `Pool.call`."""
        deadline_s = self.pool.settings.deadline_s
        until_s = self.pool.now() + deadline_s
        last: ModelError | None = None
        try:
            async with asyncio.timeout(deadline_s) as self._deadline:
                for n_rounds in range(self.pool.settings.attempts):
                    while (member := await self._acquired(until_s)) is not None:
                        try:
                            return await self._raced(member)
                        except ModelError as error:
                            if not self._may_go_on(error):
                                raise
                            if last is None or not isinstance(error, ModelRefused):
                                last = error
                    await self._pause(n_rounds, until_s, last)
        except ModelTimeout:
            raise
        except TimeoutError as error:
            if self._is_streaming:
                raise ModelTimeout(
                    f"pool {self.pool.name!r} cut a stream that took longer than "
                    f"{self.pool.settings.longest_stream_s:g} s; give it a longer stream_s, or fewer tokens"
                ) from error
            raise ModelTimeout(
                f"pool {self.pool.name!r} had no reply within {deadline_s:g} s, from {self._n_sent} calls "
                f"({last or 'none of them failed'}); give it a longer deadline_s, or a shorter prompt"
            ) from error
        raise last or AssertionError("a round without an attempt")

    def commit(self, winner: "Try[E]") -> None:
        """Make a try the one that counts, and give the other one up."""
        self._check_open(winner)
        winner.is_committed = True
        self._told(winner)
        if winner.deadline is not None:
            winner.deadline.reschedule(None)
        self._is_streaming = True
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + self.pool.settings.longest_stream_s)
        for other in self._sent:
            if other is not winner and other.task is not None:
                other.task.cancel()

    def _check_open(self, sent: Try[E]) -> None:
        if any(other.is_committed for other in self._sent if other is not sent):
            raise asyncio.CancelledError

    async def _acquired(self, until_s: float) -> Member[E] | None:
        return await self.pool.acquire(self._tried, self._session, self._owner, until_s)

    def _may_go_on(self, error: ModelError) -> bool:
        """Tell whether another member may serve what this one did not."""
        if isinstance(error, ReplyCut) or self._n_sent >= self.pool.settings.attempts:
            return False
        return not is_of_the_call(error)

    async def _pause(self, n_rounds: int, until_s: float, last: ModelError | None) -> None:
        """Wait before everybody is tried again: a random time below a bound that doubles, or as was asked for."""
        if isinstance(last, ModelRefused):
            raise last
        bound_s = min(_LONGEST_BACKOFF_S, _BACKOFF_S * 2**n_rounds)
        wait_s = max(bound_s * self.pool.random.random(), self.pool.rest_left_s())
        if last is not None and self.pool.now() + wait_s > until_s:
            raise last
        self._tried.clear()
        await asyncio.sleep(wait_s)

    async def _raced(self, member: Member[E]) -> Called[E, T]:
        """Send the call to a member, and to a second one where that one is slow."""
        first = self._begun(member, is_hedge=False)
        delay_s = None
        if self._hedging is not None:
            self._hedging.sent(again=self._n_sent > 1)
            delay_s = self._hedging.delay_s
        if delay_s is None:
            answered = await self._sent_to(first)
        else:
            answered = await self._hedged(first, delay_s)
        return Called(answered.value, answered.member, answered.seconds, self._n_sent, tuple(self._lost))

    async def _hedged(self, first: Try[E], delay_s: float) -> "_Answered[E, T]":
        tasks = [asyncio.ensure_future(self._sent_to(first))]
        try:
            wait_s = delay_s
            while len(tasks) == 1:
                done, _ = await asyncio.wait(tasks, timeout=wait_s)
                if done or first.is_committed or self._n_sent >= self.pool.settings.attempts:
                    break
                wait_s = max(_ASK_AGAIN_S, delay_s / 4)  # where nobody is free, or the bucket is empty
                other = self.pool.second(first.member)
                if other is not None:
                    second = self._begun(other, is_hedge=True)
                    other.counts.hedges += 1
                    tasks.append(asyncio.ensure_future(self._sent_to(second)))
            return await _first_answered(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begun(self, member: Member[E], *, is_hedge: bool) -> Try[E]:
        self._n_sent += 1
        self._tried.append(member)
        begun = Try(member, is_hedge, self.pool.now(), self)
        self._sent.append(begun)
        return begun

    async def _sent_to(self, sent: Try[E]) -> "_Answered[E, T]":
        """Send the call to a member, and tell the pool what became of it."""
        pool, member = self.pool, sent.member
        sent.task = asyncio.current_task()
        try:
            self._check_open(sent)
            value = await self._within(sent)
        except ModelError as error:
            seconds = pool.now() - sent.started_s
            pool.failed(member, self._session, seconds, error)
            if isinstance(error, ModelTimeout):
                self._lost.append(Lost(member, seconds))
            raise
        except BaseException:  # it was cancelled, or is a bug: either way it is not the member's failure
            seconds = pool.now() - sent.started_s
            pool.abandoned(member, seconds)
            self._lost.append(Lost(member, seconds))
            raise
        finally:
            self._sent.remove(sent)
            pool.release(member)
        seconds = pool.now() - sent.started_s
        pool.succeeded(member, self._session, seconds)
        return _Answered(value, member, seconds)

    def _told(self, sent: Try[E]) -> None:
        """Take in that a call has its first content, or is answered whole."""
        if self._hedging is not None:
            self._hedging.answered(self.pool.now() - sent.started_s)
        sent.member.counts.won += sent.is_hedge

    async def _within(self, sent: Try[E]) -> T:
        """Send the call, with a deadline for its first content or, unless it is streamed, for its end."""
        settings = self.pool.settings
        limit_s = settings.attempt_s or settings.deadline_s / 2
        try:
            async with asyncio.timeout(limit_s) as sent.deadline:
                value = await self._attempt(sent)
                if not sent.is_committed:
                    self.commit(sent)
                return value
        except ModelTimeout:
            raise
        except TimeoutError as error:
            raise ModelTimeout(f"member {sent.member.name!r} did not answer within {limit_s:g} s") from error


@dataclass(frozen=True, slots=True)
class _Answered(Generic[E, T]):
    value: T
    member: Member[E]
    seconds: float


async def _first_answered(tasks: "list[asyncio.Task[_Answered[E, T]]]") -> "_Answered[E, T]":
    """Wait for the first that is answered; where none is, raise why the last one was not.

    A call that was refused for its own sake needs no second opinion.
    """
    waiting = set(tasks)
    failure: BaseException | None = None
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.cancelled():
                continue
            failure = task.exception()
            if failure is None:
                return task.result()
            if isinstance(failure, ModelError) and is_of_the_call(failure):
                raise failure
    raise failure or asyncio.CancelledError
