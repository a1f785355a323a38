"""A run in a store, held by its id: look at it, follow it, wait for it, answer what it asks."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from pydantic import JsonValue

from mainspring.agent import Result
from mainspring.agent.job import AnswerForm
from mainspring.core import Delta, Entry, Event
from mainspring.core.errors import ModelReplyError, RunCancelled, RunWaiting, named
from mainspring.core.events import Cancelled, Failed, Finished, ToolReturned
from mainspring.runs.history import History
from mainspring.runs.inbox import Pending
from mainspring.runs.journal import Query, RunRow
from mainspring.runs.transcript import transcript

if TYPE_CHECKING:
    from mainspring.runs.runs import Runs

T = TypeVar("T")

POLL_S: Final = 0.5
"""How often to look at a run that another process drives."""
RARE_POLL_S: Final = 15.0
"""How often to look at one that this process drives, which tells of it."""


class DurableRun(Generic[T]):
    """One run in a store.

    Args:
        runs: The store it is in.
        id: Its id.
    """

    def __init__(self, runs: "Runs", id: str) -> None:  # noqa: A002 - it is one
        self.id = id
        self._runs = runs

    def __repr__(self) -> str:
        return f"DurableRun({self.id!r})"

    async def row(self) -> RunRow:
        """Give what is known of it without reading its events.

        Raises:
            UnknownRun: It is not there.
        """
        return await self._runs.row(self.id)

    async def events(self) -> tuple[Event, ...]:
        """Give what has happened so far."""
        return tuple(entry.event for entry in await self._runs.store.entries(self.id))

    async def stream(self, *, deltas: bool = False) -> AsyncIterator[Event | Delta]:
        """Give every event from the first, as they come; ends when the run has ended or waits for a human.

        Args:
            deltas: Whether to give the pieces of replies as they are written, too; those of runs that this process
                drives.

        Raises:
            JournalError: The run cannot be driven on here: its store is damaged, full or gone.
        """
        async for item in self.follow(deltas=deltas):
            yield item if isinstance(item, Delta) else item.event

    async def follow(self, start: int = 0, *, deltas: bool = False) -> AsyncIterator[Entry | Delta]:
        """Give every event from a place on, with its place and time; ends as `stream` does."""
        seq = start
        with self._runs.working.watch.follow(self.id, deltas=deltas) as news:
            while True:
                row = await self.row()
                entries = await self._runs.store.entries(self.id, seq)
                for entry in entries:
                    yield entry
                    seq = entry.seq + 1
                if seq >= row.n_events and await self._rests(row):
                    return
                is_news = False
                while not is_news:
                    written, is_news = await news.next(self._poll_s)
                    for delta in written:
                        yield delta

    async def result(self) -> Result[T]:
        """Wait for the end and give the result.

        Raises:
            RunWaiting: It waits for a human.
            RunCancelled: It was cancelled.
            MainspringError: What ended it without an answer, or keeps it from being driven on here.
        """
        history = await self._rested()
        match history.ended:
            case Finished(output=output):
                answer = self._answer(history, output)
            case Failed(error=error, message=message):
                raise named(error, message)
            case Cancelled():
                raise RunCancelled(f"run {self.id} was cancelled")
            case None:
                asked = "; ".join(f"{item.id}: {item.question}" for item in await self.pending())
                raise RunWaiting(f"run {self.id} waits for a human ({asked}); answer with `mainspring inbox`")
        events = tuple(entry.event for entry in history.entries)
        messages = tuple(message for message in transcript(events) if message.role != "system")
        return Result(answer, history.usage, events, messages, await self._contents(events), self.id)

    async def pending(self) -> list[Pending]:
        """Give what it asks a human, and what the runs that it waits for ask."""
        below = f"{self.id}."
        return [
            item for item in await self._runs.inbox.pending() if item.run == self.id or item.run.startswith(below)
        ]

    async def cancel(self, *, by: str = "") -> None:
        """Stop it, and the runs that it waits for."""
        await self._runs.cancel(self.id, by=by)

    async def _rested(self) -> History:
        """Wait until it has ended, or waits for a human, and give all that has happened in it."""
        with self._runs.working.watch.follow(self.id, events=False) as news:
            while not await self._rests(await self.row()):
                await news.next(self._poll_s)
                if news.rested is not None and news.rested.ended is not None:
                    return news.rested
        return History(await self._runs.store.entries(self.id))

    @property
    def _poll_s(self) -> float:
        """How long to rely on being told."""
        return RARE_POLL_S if self._runs.working.is_driving(self.id) else POLL_S

    async def _rests(self, row: RunRow) -> bool:
        """Tell whether it has ended, or nothing but a human brings it on."""
        if row.has_ended:
            return True
        return row.status == "waiting" and bool(await self.pending()) and not await self._is_at_work_below(self.id)

    async def _is_at_work_below(self, run: str) -> bool:
        """Tell whether one of the runs that a run waits for is driven, or is to be."""
        for row in await self._runs.find(
            Query(parent=run, statuses=["pending", "running", "waiting"], limit=10_000)
        ):
            if row.status != "waiting" or await self._is_at_work_below(row.id):
                return True
        return False

    def _answer(self, history: History, output: JsonValue) -> T:
        """Read the answer into the type that this process asked for."""
        form: AnswerForm[T] = self._runs.working.forms.known(history.started.answer_schema)
        try:
            return form.read(output)
        except ValueError as error:
            raise ModelReplyError(
                f"the answer of run {self.id} was taken by a process that does not know its type, and does not fit "
                f"({error}); register the agent only where its answers' type is known"
            ) from error

    async def _contents(self, events: tuple[Event, ...]) -> dict[str, bytes]:
        results = [event.result for event in events if isinstance(event, ToolReturned)]
        wanted = {result.whole for result in results if result.whole is not None}
        return {digest: await self._runs.store.content(digest) for digest in wanted}
