"""A run in progress: awaitable for its result, iterable for its events."""

import asyncio
from collections.abc import AsyncIterator, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from mainspring.agent.job import Job
from mainspring.agent.loop import Loop
from mainspring.core import Clock, Delta, Entry, Event, MemoryDoor, Message, OnDelta, Usage
from mainspring.core.errors import RunCancelled
from mainspring.core.events import Cancelled, Failed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """What a run gave."""

    output: T
    """The answer: text, or a value of the type that was asked for."""
    usage: Usage
    """Tokens, calls and cost of the whole run."""
    events: tuple[Event, ...]
    """Everything that happened, in order."""
    messages: tuple[Message, ...]
    """The conversation without the instructions; hand it back in to go on with it. Where room was made in it, all
    that was said is there, and so are the summaries."""
    contents: Mapping[str, bytes]
    """The whole of tool results that were shown in part, by their digest (`ToolResult.whole`)."""
    run_id: str


Watched = asyncio.Queue[Event | Delta | None]
"""What one watcher has not seen yet; None says that there is no more."""


class Watchers:
    """Those who watch a run. They do not know it, so that a run nobody holds is freed at once, history and all."""

    def __init__(self) -> None:
        self.queues: list[Watched] = []

    def tell(self, item: Event | Delta | None) -> None:
        """Tell all of them."""
        for queue in self.queues:
            queue.put_nowait(item)

    def tell_delta(self, text: str) -> None:
        """Tell all of them of a piece of a reply."""
        if self.queues:
            self.tell(Delta(text=text))


class Run(Generic[T]):
    """One run of an agent. Await it for its `Result`, iterate over it for its events, or both.

    Iterating gives every event from the first, and ends with the run; it never raises for a failed run, whose
    last event is `Failed`. Awaiting raises what ended the run.
    """

    def __init__(self, run_id: str, job: Job[T], clock: Clock, *, stream: bool = False) -> None:
        self.id = run_id
        self._watchers = Watchers()
        self._door = MemoryDoor(run_id, clock, self._watchers.tell)
        self._loop = Loop(job, self._door, clock, partial(_listener, self._watchers) if stream else None)
        self._task: asyncio.Task[Result[T]] | None = None
        self._cancelled = False
        self._ended = False

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened so far."""
        return tuple(self._door.events)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What happened so far, with places and times."""
        return self._door.entries

    def entry(self, seq: int) -> Entry:
        """Give the event at a place, with its time.

        Raises:
            IndexError: The run has not come that far.
        """
        return self._door.entry(seq)

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return self._loop.usage

    @property
    def contents(self) -> Mapping[str, bytes]:
        """The whole of tool results that were shown in part, by their digest (`ToolResult.whole`)."""
        return self._door.contents

    def start(self) -> "Run[T]":
        """Begin to work in the background; the run owns the task, and `cancel` ends it."""
        self._started()
        return self

    def cancel(self) -> None:
        """Ask the run to stop; it ends with a `Cancelled` event, and awaiting it raises `RunCancelled`."""
        if self._task is not None and not self._task.done():
            self._cancelled = True
            if self._door.events:  # a task cancelled before its first step would end without a word
                self._task.cancel()

    async def drive(self) -> Result[T]:
        """Work until the end, in the caller's own task."""
        try:
            if self._cancelled:
                raise asyncio.CancelledError  # noqa: TRY301 - it ends as a run cancelled later does
            output = await self._loop.run()
        except asyncio.CancelledError:
            self._door.append(Cancelled(usage=self.usage))
            if self._cancelled:
                raise RunCancelled(f"run {self.id} was cancelled") from None
            raise
        except Exception as error:  # whatever ended the run is recorded, and goes on to whoever awaits it
            self._door.append(Failed(error=type(error).__name__, message=str(error), usage=self.usage))
            raise
        finally:
            self._ended = True
            self._watchers.tell(None)
        messages = tuple(message for message in self._loop.messages if message.role != "system")
        return Result(output, self.usage, self.events, messages, self.contents, self.id)

    def __await__(self) -> Generator[object, None, Result[T]]:
        """Wait for the result."""
        return asyncio.shield(self._started()).__await__()

    async def __aiter__(self) -> AsyncIterator[Event | Delta]:
        """Give every event from the first, and the pieces of replies as they are written if asked to stream."""
        queue: Watched = asyncio.Queue()
        for event in self._door.events:
            queue.put_nowait(event)
        if self._ended:
            queue.put_nowait(None)
        self._watchers.queues.append(queue)
        try:
            while (item := await queue.get()) is not None:
                yield item
        finally:
            self._watchers.queues.remove(queue)

    def _started(self) -> "asyncio.Task[Result[T]]":
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self.drive(), name=f"mainspring-{self.id}")
            self._task.add_done_callback(_retrieve)
        return self._task


def _listener(watchers: Watchers) -> OnDelta:
    return watchers.tell_delta


def _retrieve(task: "asyncio.Task[Result[T]]") -> None:
    """Look at a background run's error, so that one nobody awaits is not reported as forgotten."""
    if not task.cancelled():
        task.exception()
