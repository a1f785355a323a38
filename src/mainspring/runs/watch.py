"""Tells those in this process who follow a run that something happened in it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from mainspring.core import Delta
from mainspring.core.errors import MainspringError
from mainspring.runs.history import History


class News:
    """What a follower has not seen yet.

    Args:
        events: Whether every event is news, or only that the run has come to rest.
        deltas: Whether pieces of replies are wanted, too.
    """

    def __init__(self, *, events: bool, deltas: bool) -> None:
        self.events = events
        self.deltas = deltas
        self.rested: History | None = None
        """What has happened in the run, once nobody drives it any more, from whoever drove it here."""
        self._written: list[Delta] = []
        self._has_changed = False
        self._error: MainspringError | None = None
        self._something = asyncio.Event()

    def tell(self, delta: Delta | None) -> None:
        """Tell a piece of a reply, or that the run has changed."""
        self._error = None
        if delta is not None:
            self._written.append(delta)
        else:
            self._has_changed = True
        self._something.set()

    def fail(self, error: MainspringError) -> None:
        """Tell why the run cannot be driven on."""
        self._error = error
        self._something.set()

    async def next(self, timeout_s: float) -> tuple[list[Delta], bool]:
        """Wait for news; give the pieces of replies, and whether it is time to look at the run.

        Raises:
            MainspringError: The run cannot be driven on here.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._something.wait()
        except TimeoutError:
            return [], True
        if self._error is not None:
            raise self._error
        written, has_changed = self._written, self._has_changed
        self._written, self._has_changed = [], False
        self._something.clear()
        return written, has_changed


class Watch:
    """Who follows what."""

    def __init__(self) -> None:
        self._followers: dict[str, list[News]] = defaultdict(list)

    @contextmanager
    def follow(self, run: str, *, events: bool = True, deltas: bool = False) -> Iterator[News]:
        """Follow a run for as long as the context lasts.

        Args:
            run: Its id.
            events: Whether every event is news, or only that the run has come to rest.
            deltas: Whether pieces of replies are wanted, too.
        """
        news = News(events=events, deltas=deltas)
        self._followers[run].append(news)
        try:
            yield news
        finally:
            self._followers[run].remove(news)
            if not self._followers[run]:
                del self._followers[run]

    def changed(self, run: str) -> None:
        """Tell that a run has new events."""
        for news in self._followers.get(run, ()):
            if news.events:
                news.tell(None)

    def rests(self, run: str, history: History | None = None) -> None:
        """Tell that nobody drives a run any more: it has ended, or waits.

        Args:
            run: Its id.
            history: All that has happened in it, where that is known.
        """
        for news in self._followers.get(run, ()):
            news.rested = history
            news.tell(None)

    def fails(self, run: str, error: MainspringError) -> None:
        """Tell why a run cannot be driven on here: its store is damaged, full or gone."""
        for news in self._followers.get(run, ()):
            news.fail(error)

    def delta(self, run: str, text: str) -> None:
        """Tell a piece of a reply."""
        for news in self._followers.get(run, ()):
            if news.deltas:
                news.tell(Delta(text=text))

    def wants_deltas(self, run: str) -> bool:
        """Tell whether anybody wants to see replies as they are written."""
        return any(news.deltas for news in self._followers.get(run, ()))
