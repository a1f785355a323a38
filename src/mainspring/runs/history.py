"""What a run's journal says, by key: the fold that a driver goes on from.

The loop asks for things by their key (`model:3`, `tool:3:call_3_0`); a history knows which of them have happened,
which were begun and never ended, and what came from outside meanwhile.
"""

from collections.abc import Iterable

from mainspring.core import NOTHING, Entry, Event, Usage
from mainspring.core.errors import JournalError
from mainspring.core.events import (
    Attempted,
    BudgetExceeded,
    BudgetRaised,
    CancelAsked,
    Cancelled,
    ChildCalled,
    ChildEnded,
    Compacted,
    Corrected,
    DoubtFound,
    EffectFailed,
    Escalated,
    Failed,
    Finished,
    HumanAnswered,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    Resumed,
    RunStarted,
    Submitted,
    TimerRang,
    TimerSet,
    ToolCalled,
    ToolReturned,
)

Happened = (
    RunStarted
    | ModelReplied
    | ToolReturned
    | Corrected
    | Escalated
    | Compacted
    | Finished
    | HumanAnswered
    | TimerRang
    | ChildEnded
)
"""What is known under its key, and so not done again."""

Begun = ModelCalled | ToolCalled | HumanAsked | TimerSet | ChildCalled
"""What something happens of later."""


class History:
    """A fold over a run's events, kept up as more of them come.

    Args:
        entries: The run's events from the first on.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = []
        """All of them, in order."""
        self.happened: dict[str, Happened] = {}
        self.begun: dict[str, Entry] = {}
        """Intents, the last one of each key."""
        self.failed: dict[str, EffectFailed] = {}
        """Effects that came to nothing, and that nobody has let try again."""
        self.too_dear: set[tuple[str, str]] = set()
        """(key, model): model calls that a cheaper model is asked instead of."""
        self.doubts: dict[str, int] = {}
        """How often effects were taken up again after a human was asked about them."""
        self.submitted: Submitted | None = None
        self.ended: Finished | Failed | Cancelled | None = None
        self.cancel_asked: CancelAsked | None = None
        self.driver: str | None = None
        """Who took the run over last."""
        self.changed: tuple[str, ...] = ()
        """What of the agent had changed when it was last taken over."""
        self.n_events = 0
        self.take(entries)

    @property
    def started(self) -> RunStarted:
        """What the run began with.

        Raises:
            JournalError: It has not begun: its journal is damaged.
        """
        started = self.happened.get("start")
        if not isinstance(started, RunStarted):
            raise JournalError("the journal of the run lacks its beginning; the store is damaged")
        return started

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        used = [event.usage for event in self.happened.values() if isinstance(event, ModelReplied | ToolReturned)]
        return sum(used, start=NOTHING)

    @property
    def pending(self) -> list[Entry]:
        """Waits that have no response yet, in order."""
        return [
            entry
            for key, entry in self.begun.items()
            if isinstance(entry.event, HumanAsked | TimerSet | ChildCalled) and key not in self.happened
        ]

    def take(self, entries: Iterable[Entry]) -> None:
        """Take in what comes next."""
        for entry in entries:
            self._take(entry)
            self.entries.append(entry)
            self.n_events = entry.seq + 1

    def _take(self, entry: Entry) -> None:
        event = entry.event
        if isinstance(event, Happened):
            if not isinstance(event, HumanAnswered) or self._is_asked(event):
                self.happened[event.key] = event
        elif isinstance(event, Begun):
            self.begun[event.key] = entry
            answered = self.happened.get(event.key)
            if isinstance(answered, HumanAnswered) and not self._is_asked(answered):
                del self.happened[event.key]
        else:
            self._take_lifecycle(event)
        if isinstance(event, Finished):
            self.ended = event

    def _take_lifecycle(self, event: Event) -> None:
        match event:
            case Submitted():
                self.submitted = event
            case Attempted(driver=driver, changed=changed):
                self.driver, self.changed = driver, changed
            case EffectFailed(key=key):
                self.failed[key] = event
            case BudgetExceeded(action="degrade", key=key, model=str(model)):
                self.too_dear.add((key, model))
            case Failed() | Cancelled():
                self.ended = event
            case CancelAsked():
                self.cancel_asked = event
            case Resumed() | BudgetRaised():
                self._go_on()
            case DoubtFound(policy="ask", key=key):
                self.doubts[key] = self.doubts.get(key, 0) + 1

    def _is_asked(self, answered: HumanAnswered) -> bool:
        """Tell whether an answer is one to what was asked last, as far as that is known."""
        begun = self.begun.get(answered.key)
        asked = None if begun is None else begun.event
        return not isinstance(asked, HumanAsked) or asked.digest == answered.digest

    def _go_on(self) -> None:
        """Forget what ended the run: what failed, or was too dear, is tried again."""
        self.too_dear.clear()
        for key in self.failed:
            self.begun.pop(key, None)
        self.failed.clear()
        self.ended = None
        self.cancel_asked = None
