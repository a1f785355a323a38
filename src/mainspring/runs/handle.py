"""A run in a store, held by its id: look at it, follow it, wait for it, answer what it asks."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from mainspring.agent import Result
from mainspring.core import Delta, Entry, Event
from mainspring.core.errors import RunCancelled, RunWaiting, named
from mainspring.core.events import Cancelled, Failed, Finished, HumanAsked, ToolReturned
from mainspring.runs.history import History
from mainspring.runs.inbox import Pending
from mainspring.runs.journal import RunRow
from mainspring.runs.transcript import transcript

if TYPE_CHECKING:
    from mainspring.runs.runs import Runs

T = TypeVar("T")

POLL_S: Final = 0.5
"""How often to look at a run that another process drives."""


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
        """
        async for item in self.follow(deltas=deltas):
            yield item if isinstance(item, Delta) else item.event

    async def follow(self, start: int = 0, *, deltas: bool = False) -> AsyncIterator[Entry | Delta]:
        """Give every event from a place on, with its place and time; ends as `stream` does."""
        history = History()
        history.take(await self._runs.store.entries(self.id) if start else ())
        seq = start
        with self._runs.watch.follow(self.id, deltas=deltas) as news:
            while True:
                row = await self.row()
                entries = await self._runs.store.entries(self.id, seq)
                history.take(entries)
                for entry in entries:
                    yield entry
                    seq = entry.seq + 1
                if seq >= row.n_events and (row.has_ended or (row.status == "waiting" and _asks(history))):
                    return
                is_news = False
                while not is_news:
                    written, is_news = await news.next(POLL_S)
                    for delta in written:
                        yield delta

    async def result(self) -> Result[T]:
        """Wait for the end and give the result.

        Raises:
            RunWaiting: It waits for a human.
            RunCancelled: It was cancelled.
            MainspringError: What ended it without an answer.
        """
        await self._rest()
        entries = await self._runs.store.entries(self.id)
        history = History(entries)
        match history.ended:
            case Finished(output=output):
                answer = self._runs.forms.known(history.started.answer_schema).read(output)
            case Failed(error=error, message=message):
                raise named(error, message)
            case Cancelled():
                raise RunCancelled(f"run {self.id} was cancelled")
            case None:
                asked = "; ".join(f"{item.id}: {item.question}" for item in await self.pending())
                raise RunWaiting(f"run {self.id} waits for a human ({asked}); answer with `mainspring inbox`")
        events = tuple(entry.event for entry in entries)
        messages = tuple(message for message in transcript(events) if message.role != "system")
        return Result(answer, history.usage, events, messages, await self._contents(events), self.id)

    async def pending(self) -> list[Pending]:
        """Give what it asks a human."""
        return await self._runs.inbox.pending(self.id)

    async def cancel(self, *, by: str = "") -> None:
        """Stop it, and the runs that it waits for."""
        await self._runs.cancel(self.id, by=by)

    async def _rest(self) -> None:
        """Wait until it has ended, or waits for a human."""
        with self._runs.watch.follow(self.id, events=False) as news:
            while True:
                row = await self.row()
                if row.has_ended or (row.status == "waiting" and await self.pending()):
                    return
                await news.next(POLL_S)

    async def _contents(self, events: tuple[Event, ...]) -> dict[str, bytes]:
        results = [event.result for event in events if isinstance(event, ToolReturned)]
        wanted = {result.whole for result in results if result.whole is not None}
        return {digest: await self._runs.store.content(digest) for digest in wanted}


def _asks(history: History) -> bool:
    return any(isinstance(entry.event, HumanAsked) for entry in history.pending)
