"""Hold a model to a suite: each case asked once, several at a time, and what came of it kept at once.

A model that gives no decision is an outcome like any other, and counts as wrong. A run that was killed goes on:
what is in its file is not asked again, but for what failed for want of an answer.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mainspring.core import Clock, Conversation, Model, Request, SystemClock
from mainspring.core.errors import ConfigError, MainspringError
from mainspring.evals.case import Case, Routine
from mainspring.evals.controls import planted
from mainspring.evals.judge import Judge
from mainspring.evals.kept import Header, Keeper, Line
from mainspring.evals.outcome import Held, JudgeRates, Outcome
from mainspring.evals.scorer import said_of
from mainspring.evals.scorers import Judged
from mainspring.evals.suite import Suite

OnOutcome = Callable[[Outcome], None]
"""Told of each outcome as it comes."""


async def hold(  # noqa: PLR0913 - a keyword for each thing that may be said of it
    suite: Suite,
    model: Model,
    *,
    concurrency: int = 4,
    on_outcome: OnOutcome | None = None,
    kept: Path | None = None,
    judge: Judge | None = None,
    clock: Clock | None = None,
) -> Held:
    """Ask a model every case of a suite, and score what it decides.

    Args:
        suite: What is asked.
        model: Who is asked.
        concurrency: Cases at once.
        on_outcome: Told of each outcome as it comes; of those that were there already first.
        kept: The file that outcomes are written to, and read from first.
        judge: Who judges the cases that want a judge.
        clock: Tells how long decisions take; the machine's if not given.

    Raises:
        ConfigError: Cases want a judge and there is none, or the file is of other work.
        ModelError: The judge cannot be measured.
    """
    clock = clock or SystemClock()
    work = work_of(suite, model, judge=judge, concurrency=concurrency, clock=clock)
    held = _Hold(suite, model, judge, clock)
    with Keeper(kept, work) as keeper:
        await held.measure(keeper)
        done = keeper.held
        answered = {one.case for one in done.outcomes if not one.error}
        if on_outcome is not None:
            for one in done.outcomes:
                if not one.error:
                    on_outcome(one)
        left = ((place, case) for place, case in enumerate(suite.cases) if case.id not in answered)
        await held.work(left, keeper, on_outcome, concurrency)
        return keeper.held


def work_of(
    suite: Suite, model: Model, *, judge: Judge | None = None, concurrency: int = 4, clock: Clock | None = None
) -> Header:
    """Say what is held to what: the first line of the file that `hold` writes.

    Raises:
        ConfigError: Cases want a judge and there is none.
    """
    n_judged = len(suite.judged)
    if n_judged and judge is None:
        raise ConfigError(f"{n_judged:,} cases of {suite.name!r} want a judge; name a model as the judge")
    return Header(
        suite=suite.name,
        suite_digest=suite.digest,
        model=model.name,
        prompt=suite.prompt,
        judge=judge.model.name if judge is not None and n_judged else "",
        at=datetime.fromtimestamp((clock or SystemClock()).now(), UTC).isoformat(timespec="seconds"),
        n_cases=len(suite.cases),
        concurrency=concurrency,
    )


@dataclass(frozen=True, slots=True)
class _Hold:
    suite: Suite
    model: Model
    judge: Judge | None
    clock: Clock

    async def measure(self, keeper: Keeper) -> None:
        """Measure the judge, unless that was done."""
        if self.judge is None or not self.suite.judged or keeper.held.judge is not None:
            return
        controls = list(self.suite.controls) or planted(self.suite.judged)
        rates: JudgeRates = await self.judge.measure(
            controls, n_cases=len(self.suite.judged), is_planted=not self.suite.controls
        )
        keeper.write(Line(judge=rates))

    async def work(
        self,
        cases: Iterator[tuple[int, Case | Routine]],
        keeper: Keeper,
        on_outcome: OnOutcome | None,
        concurrency: int,
    ) -> None:
        """Ask cases until there are none left."""

        async def worker() -> None:
            for place, case in cases:
                line = await self._line(case)
                keeper.write(line.model_copy(update={"place": place}))
                if on_outcome is not None and line.outcome is not None:
                    on_outcome(line.outcome)

        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(worker())

    async def _line(self, case: Case | Routine) -> Line:
        began_s = self.clock.monotonic()
        try:
            if isinstance(case, Routine):
                return self._routine(case, await case.ask(self.model), began_s)
            return await self._decided(case, began_s)
        except MainspringError as error:
            seconds = self.clock.monotonic() - began_s
            words = f"{type(error).__name__}: {error}"
            return Line(outcome=Outcome(case=case.id, tags=case.tags, score=0.0, seconds=seconds, error=words))

    def _routine(self, case: Routine, outcome: Outcome, began_s: float) -> Line:
        named: dict[str, Any] = {"case": case.id, "tags": (*outcome.tags, *case.tags)}
        seconds = {} if outcome.seconds else {"seconds": self.clock.monotonic() - began_s}
        return Line(outcome=outcome.model_copy(update=named | seconds))

    async def _decided(self, case: Case, began_s: float) -> Line:
        said = Conversation(case.asked.messages)
        reply = await self.model.ask(Request(said, case.asked.options, case.sampling, said.label))
        seconds = self.clock.monotonic() - began_s
        if isinstance(case.expected, Judged):
            assert self.judge is not None  # noqa: S101 - a suite that wants a judge is not begun without
            verdict = await self.judge.score(case.asked, case.expected, reply.decision)
        else:
            verdict = case.expected.score(case.asked, reply.decision)
        outcome = Outcome(
            case=case.id,
            tags=case.tags,
            score=verdict.score,
            why=verdict.why,
            said=said_of(reply.decision),
            input_tokens=reply.usage.input_tokens,
            cached_tokens=reply.usage.cached_tokens,
            output_tokens=reply.usage.output_tokens,
            cost_usd=reply.usage.cost_usd,
            seconds=seconds,
        )
        return Line(outcome=outcome, by=reply.model)
