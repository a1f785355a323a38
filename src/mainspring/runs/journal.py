"""The store of runs, as protocols: events that are only ever added to, and what has to change together with them.

`append` is the one way to write to a run: events, ledger and status in one transaction. `(run, seq)` is unique, and
that is the fence: of two that write at the same place one gets a `Conflict`. A lease only says who is at work; it
keeps nobody from writing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from mainspring.core import Budget, Entry, Event
from mainspring.core.events import Attempted
from mainspring.runs.ledger import Balance, Reserve, Settle
from mainspring.runs.windows import Window

Status = Literal["pending", "running", "waiting", "finished", "failed", "cancelled"]
"""`pending`: to be driven. `running`: a driver has it. `waiting`: for a human, a timer or another run."""

ENDED: Final[frozenset[Status]] = frozenset({"finished", "failed", "cancelled"})
LIVING: Final[frozenset[Status]] = frozenset({"pending", "running", "waiting"})
EVERY: Final = 2**31 - 1
"""A limit that leaves nothing out."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """What is known of a run without reading its events."""

    id: str
    agent: str
    status: Status
    n_events: int
    created_at: float
    """Seconds since the Unix epoch."""
    updated_at: float
    parent: str | None = None
    """The run that waits for this one."""
    priority: int = 0
    """Higher goes first."""
    due_at: float | None = None
    """When it is to be driven at the latest, where it waits for a time."""
    driver: str | None = None
    """Who drives it."""
    lease_until: float | None = None
    """Until when nobody else takes it over."""
    budgets: tuple[str, ...] = ()
    """Ids of the budgets it draws on."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens in it unless somebody resumes it."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What a run's row begins with."""

    agent: str
    parent: str | None = None
    priority: int = 0
    due_at: float | None = None
    budgets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Something to be written to one run, all of it or nothing."""

    run: str
    expected: int
    """How many events the writer knows of; with any other number there, nothing is written."""
    at: float
    """When this is written, in seconds since the Unix epoch."""
    events: tuple[tuple[float, Event], ...] = ()
    """Times in seconds since the Unix epoch, and events."""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """Content to keep, by its SHA-256."""
    create: NewRun | None = None
    """Make the run; `expected` is 0 then."""
    status: Status | None = None
    """The run's status from now on; None leaves it. Any but `running` gives the lease back. Of `waiting` it becomes
    `pending` at once where the run was woken since it was claimed. One that ends the run settles all that it still
    holds back of budgets, as spent."""
    due_at: float | None = None
    """With a status: when to drive the run at the latest."""
    wake: str | None = None
    """A run that waited for this write, this one or another: from `waiting` it becomes `pending`."""
    limits: Mapping[str, Budget] = field(default_factory=dict)
    """Budgets to open, or to give new limits, by id."""
    reserve: tuple[Reserve, ...] = ()
    settle: tuple[Settle, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to drive a run for a while."""

    driver: str
    now: float
    until: float
    take_from: str | None = None
    """A driver that is known to be dead, whose lease does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which runs; everything that is given has to hold."""

    ids: Collection[str] | None = None
    agents: Collection[str] | None = None
    statuses: Collection[Status] | None = None
    parent: str | None = None
    before: float | None = None
    """Only those made before this time."""
    limit: int = 100
    """The newest so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalRow:
    """A goal as it is kept: what is asked for in queries, and the rest as words that the store does not read."""

    id: str
    revision: int
    """How often it was written."""
    user: str
    """Whom it is for; empty for nobody in particular."""
    is_open: bool
    """Whether something of it is still to be done."""
    created_at: float
    """Seconds since the Unix epoch."""
    updated_at: float
    body: str
    """Its tasks, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """What makes a goal due: a time, or that a run has come to something."""

    at: float | None = None
    """From this time on; for one without a run."""
    agent: str | None = None
    """The time concerns only who knows this agent; and so does a run that is not there, to begin it."""
    run: str | None = None
    statuses: tuple[Status, ...] = ()
    """As soon as the run has one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalQuery:
    """Which goals; everything that is given has to hold."""

    ids: Collection[str] | None = None
    user: str | None = None
    is_open: bool | None = None
    limit: int = 100
    """The newest so many."""


class Journal(Protocol):
    """Events, and the rows that go with them."""

    async def append(self, batch: Append) -> Status:
        """Write all of it in one transaction, durably, and give the run's status after it.

        Raises:
            Conflict: The run has another number of events, or there is one of that id already.
            DoesNotFit: A reservation exceeds what is left of a budget.
            UnknownRun: There is no such run.
            JournalUnavailable: The store cannot be reached, is locked or is full. Whether the write happened is
                not known; writing the same again gives a `Conflict` if it did.
        """
        ...

    async def entries(self, run: str, start: int = 0) -> list[Entry]:
        """Give a run's events from a place on; none for a run that is not there.

        Raises:
            EventVersionError: A newer Mainspring wrote them.
            JournalUnavailable: The store cannot be reached.
        """
        ...

    async def content(self, digest: str) -> bytes:
        """Give kept content.

        Raises:
            JournalError: There is none under that digest.
        """
        ...

    async def rows(self, query: Query) -> list[RunRow]:
        """Give the rows of runs, the newest first."""
        ...

    async def asked(self) -> list[Entry]:
        """Give all questions to humans, and all answers, of runs that have not ended."""
        ...


class Leases(Protocol):
    """Who drives what."""

    async def claim(self, run: str, attempted: Attempted, lease: Lease) -> int | None:
        """Take a run over: write the event, set the lease, make it `running`, in one transaction.

        Returns:
            The number of events it has then; None where it is not to be had: it has ended, waits for something that
            has not come, or somebody holds a lease on it.
        """
        ...

    async def renew(self, driver: str, until: float) -> dict[str, int]:
        """Make all leases of a driver longer, and give the runs it has with their numbers of events."""
        ...

    async def due(self, now: float, agents: Collection[str], limit: int) -> list[RunRow]:
        """Give runs of these agents that somebody should drive now.

        Those are pending and not put off, wait for a time that has come, or have a driver whose lease has lapsed.
        """
        ...


class Balances(Protocol):
    """Budgets, and what is held back of them for something that is not a run."""

    async def balances(self, ids: Collection[str]) -> dict[str, Balance]:
        """Give what budgets allow, hold and have spent; those that are not there are left out."""
        ...

    async def allow(self, id: str, budget: Budget, *, window: Window | None = None) -> None:  # noqa: A002 - it is one
        """Open a budget that many may draw on, or give it new limits.

        Args:
            id: Its name.
            budget: The limits.
            window: What was spent is forgotten when a new one begins (UTC). Under another window than before, what
                was spent since before it began is forgotten, too.
        """
        ...

    async def hold(
        self, owner: str, budgets: Collection[str], wanted: Reserve, *, now: float, until: float
    ) -> None:
        """Hold the worst case of something back in all of some budgets, in one transaction, durably.

        Args:
            owner: Who holds; its holds are told apart by their keys.
            budgets: Ids of the budgets.
            wanted: What to hold, under which key.
            now: The time, in seconds since the Unix epoch.
            until: From when on the owner counts as dead, and all of it as spent.

        Raises:
            DoesNotFit: One of the budgets has not enough left; nothing is held anywhere then.
            ConfigError: One of the budgets is not there.
            JournalError: The owner holds something under that key already.
            JournalUnavailable: The store cannot be reached, is locked or is full. Whether anything is held is not
                known; if it is, it lapses.
        """
        ...

    async def settle_hold(self, owner: str, settled: Settle, *, now: float) -> None:
        """Turn a hold into what was really spent, in the window of now; one that is not there changes nothing.

        After its time the whole of it is spent, whatever is said here: a hold that has lapsed may be counted by
        whoever comes by, and what comes of it does not depend on who is first.

        Args:
            owner: Who holds.
            settled: Which of its holds, and what was spent.
            now: The time, in seconds since the Unix epoch.

        Raises:
            JournalUnavailable: The store cannot be reached, is locked or is full; settling again does no harm.
        """
        ...


class Responses(Protocol):
    """Replies of models, by the digest of the request."""

    async def response(self, digest: str) -> bytes | None:
        """Give a stored reply; None where there is none."""
        ...

    async def store_response(self, digest: str, reply: bytes, at: float) -> None:
        """Store a reply; one that is there already stays."""
        ...


class Goals(Protocol):
    """Goals that outlive runs."""

    async def write_goal(self, row: GoalRow, wakes: Collection[Wake]) -> None:
        """Write a goal and all that makes it due from now on, in one transaction, durably.

        Raises:
            Conflict: It was written otherwise meanwhile: what is there has not the revision before this one.
            JournalUnavailable: The store cannot be reached, is locked or is full. Whether the write happened is
                not known; writing the same again gives a `Conflict` if it did.
        """
        ...

    async def goals(self, query: GoalQuery) -> list[GoalRow]:
        """Give goals, the newest first."""
        ...

    async def due_goals(self, now: float, agents: Collection[str], limit: int) -> list[str]:
        """Give the ids of goals that somebody who knows these agents should look at now, the longest due first."""
        ...


class Store(Journal, Leases, Balances, Responses, Goals, Protocol):
    """All of it, in one database."""

    @property
    def url(self) -> str:
        """Where it is, without any password."""
        ...

    async def close(self) -> None:
        """Let go of the database; what was handed in before is written."""
        ...
