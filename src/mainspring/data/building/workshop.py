"""Where directors have their documents worked on: one round of one document at a time.

What it keeps true: what came of an assignment is kept before the next thing is done, and what is kept is not done
again; how much is in memory does not depend on how long a document is.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

from mainspring.core import Budget, Clock, Model
from mainspring.core.errors import MainspringError
from mainspring.data.building.archive import Archive
from mainspring.data.building.case import Case, TokenRate
from mainspring.data.building.spec import Spec
from mainspring.data.calls import KeptModel, Pace, Purse, Tally, key_of
from mainspring.data.document import Document
from mainspring.data.team import Assignment, Team
from mainspring.data.team.director import Order, Progress
from mainspring.data.team.wording import Shown
from mainspring.data.team.work import Desk, Worked
from mainspring.models import ChatModel
from mainspring.models.tokens import count_tokens
from mainspring.models.window import ask_window
from mainspring.runs.costs import check_price
from mainspring.runs.journal import Store
from mainspring.tools import idempotency_key

_SAMPLE_CHARS: Final = 6_000
"""Of a document, on which it is measured how many tokens it comes to."""

_OPEN_CHARS: Final = 4_000_000
"""Of documents that are held open, about 50 MB with their passages."""

OpenModel = Callable[[str], Model]
"""Opens a model by its name."""


class Watcher(Protocol):
    """Somebody who looks at the work as it goes."""

    def worked(self, worked: Worked, *, is_known: bool) -> None:
        """Look at what came of an assignment, now or earlier."""
        ...


@dataclass(frozen=True, slots=True)
class _Opened:
    """A spec with its team, ready to work."""

    spec: Spec
    team: Team


class Workshop:
    """Does the rounds of directors in this process; a context manager, behind which nothing new is begun.

    Args:
        store: The store of the runs, where everything is kept.
        open_model: Opens models.
        owner: Names this process, unlike any other.
        clock: Tells the time.
        most_calls: How many calls of a model may be under way at once, however much its server bears.
        watcher: Told of what is done; nobody if not given.
    """

    def __init__(
        self,
        store: Store,
        *,
        open_model: OpenModel,
        owner: str,
        clock: Clock,
        most_calls: int = 64,
        watcher: Watcher | None = None,
    ) -> None:
        self.archive = Archive(store, clock)
        self.paces: dict[str, Pace] = {}
        """By the model."""
        self._store = store
        self._open_model = cache(open_model)
        self._owner = owner
        self._clock = clock
        self._most_calls = most_calls
        self._watcher = watcher
        self._kept: dict[tuple[str, str], KeptModel] = {}
        self._opened: dict[tuple[str, str], _Opened] = {}
        self._is_closed = False
        self._silent: set[str] = set()
        """Teachers whose servers do not count tokens."""
        self._cases: OrderedDict[tuple[str, str], Case] = OrderedDict()
        """Documents that were opened last: cutting one costs as much as some of its model calls."""

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed = True

    @property
    def tally(self) -> Tally:
        """What the calls of all models came to in this process."""
        return sum((model.tally for model in self._kept.values()), start=Tally())

    async def team(self, spec: Spec, budget: str) -> Team:
        """Give the team of a spec, whose calls are paid from a budget.

        Raises:
            ConfigError: A model's name leads nowhere, or the budget is in dollars and nobody knows what it costs.
        """
        return (await self._open(spec, budget)).team

    async def case(self, spec: Spec, document: Document) -> Case:
        """Open a document."""
        place = (spec.digest, document.id)
        case = self._cases.pop(place, None) or await self._opened_case(spec, document)
        self._cases[place] = case
        while len(self._cases) > 1 and sum(len(one.document.text) for one in self._cases.values()) > _OPEN_CHARS:
            self._cases.popitem(last=False)
        return case

    async def _opened_case(self, spec: Spec, document: Document) -> Case:
        key = key_of("tokens", spec.teacher, document.id)
        rate = await self.archive.find(key, TokenRate)
        if rate is None:
            rate = await self._rate(spec.teacher, document.text)
            await self.archive.keep(key, rate)
        return Case(self.archive, spec, document, rate)

    async def cover(self, order: Order, number: int) -> Progress:
        """Do all that is to be done in a round of a document, and say how far it has come.

        Raises:
            ModelError: A model cannot be asked at all.
            BudgetError: The budget does not cover the next call.
            JournalError: The store cannot be read or written.
        """
        opened = await self._open(await self.archive.take(order.spec, Spec), order.budget)
        case = await self.case(opened.spec, await self.archive.document(order.document))
        wishes = opened.spec.wishes
        run = idempotency_key().partition(":")[0]
        desk = Desk(opened.team, run=run, repairs=wishes.repairs, planted=opened.spec.planted)
        await self._work_through(case, desk, await case.assignments(number))
        return case.progress

    async def _work_through(self, case: Case, desk: Desk, assignments: Sequence[Assignment]) -> None:
        """Do assignments side by side; where one cannot be done, those that are begun are finished."""
        left = iter(assignments)
        n_workers = min(len(assignments), self._most_calls + 1)  # one is asked while what another said is kept
        workers = [self._worker(case, desk, left) for _ in range(n_workers)]
        for came in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(came, BaseException):
                raise came

    async def _worker(self, case: Case, desk: Desk, left: Iterator[Assignment]) -> None:
        for assignment in left:
            if self._is_closed:
                raise asyncio.CancelledError  # the round is not done; whoever goes on with it finds what is
            worked = await case.worked(assignment)
            is_known = worked is not None
            if worked is None:
                shown = Shown.of(case.document, [case.passages[place] for place in assignment.passages])
                try:
                    async with self.paces[case.spec.teacher].work():
                        worked = await desk.work(shown, assignment)
                except MainspringError:
                    for _ in left:  # nobody begins anything any more
                        pass
                    raise
                await case.keep(worked)
            if self._watcher is not None:
                self._watcher.worked(worked, is_known=is_known)

    async def _open(self, spec: Spec, budget: str) -> _Opened:
        known = self._opened.get((spec.digest, budget))
        if known is None:
            limits = await self._limits(budget)
            for name in filter(None, (spec.teacher, spec.judge)):
                if name not in self.paces:
                    self.paces[name] = Pace(self._clock, most=await self._most(name))
            teacher = self._keeping(spec.teacher, budget, limits)
            judge = self._keeping(spec.judge, budget, limits) if spec.judge else None
            team = Team(teacher, spec.prompts, judge)
            known = self._opened[spec.digest, budget] = _Opened(spec, team)
        return known

    def _keeping(self, name: str, budget: str, limits: Budget) -> KeptModel:
        """Give a model whose replies are kept; all who ask it go at one pace."""
        kept = self._kept.get((name, budget))
        if kept is None:
            model, purse = self._open_model(name), None
            if limits.usd is not None:
                check_price(model)
            if limits != Budget():
                purse = Purse(self._store, budget, self._owner, self._clock)
            kept = KeptModel(model, self._store, pace=self.paces[name], clock=self._clock, purse=purse)
            self._kept[name, budget] = kept
        return kept

    async def _most(self, name: str) -> int:
        """Say how many calls a model is asked at once at most: a llama.cpp server tells how many it takes up."""
        model = self._open_model(name)
        slots = (await ask_window(model)).slots if isinstance(model, ChatModel) else None
        return min(self._most_calls, slots or self._most_calls)

    async def _limits(self, budget: str) -> Budget:
        balance = (await self._store.balances([budget])).get(budget)
        return Budget() if balance is None else balance.budget

    async def _rate(self, teacher: str, text: str) -> TokenRate:
        sample = text[:_SAMPLE_CHARS]
        counted = None if teacher in self._silent else await count_tokens(self._open_model(teacher), sample)
        if not counted:
            self._silent.add(teacher)
            return TokenRate()
        return TokenRate(tokens_per_char=counted / len(sample))
