"""Documents in a folder, a dataset out: read, worked on by directors, cleaned, written.

    read_folder --> archive --> one director's run a document --> gather: clean, split --> write_dataset
                                      |
                          Workshop.cover: a round at a time

Everything before gathering is kept in the store as it is done, and gathering is a fold of that. So the same command
goes on after a crash, costs nothing where nothing has changed, and may be given on several machines that share a
store.
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

from mainspring.agent import Agent
from mainspring.core import SystemRng
from mainspring.core.disk import write_whole
from mainspring.core.errors import ConfigError, JournalError, MainspringError
from mainspring.data.building.gathering import Cleaner, gather
from mainspring.data.building.options import Options
from mainspring.data.building.report import Counts, Judging, Report, Spent, marks_of, models_of, sampling_of
from mainspring.data.building.spec import Spec
from mainspring.data.building.state import Stage, State
from mainspring.data.building.workshop import Workshop
from mainspring.data.calls import key_of
from mainspring.data.document import Document
from mainspring.data.reading import Skipped, read_folder
from mainspring.data.team import PromptSet, director
from mainspring.data.team.controls import Rates, chosen, measure
from mainspring.data.team.director import Order, Outcome
from mainspring.data.team.work import Worked
from mainspring.data.writing import format_of, write_dataset
from mainspring.data.writing.folder import REPORT
from mainspring.runs import DurableRun, Runs, Settings, open_runs

STORE: Final = "data.db"
Watch = Callable[[State], None]
"""Told of the state of a build whenever it has changed."""


async def build(source: Path, out: Path, options: Options, watch: Watch | None = None) -> Report:
    """Make a dataset of a file, or of the files below a folder.

    Args:
        source: What is read.
        out: The dataset's folder; made if it is not there.
        options: How.
        watch: Told how it goes.

    Returns:
        What came of it. Where the budget is spent or a model cannot be asked any more, that is said in `stopped`,
        and the dataset holds what was done by then.

    Raises:
        ConfigError: A model's name leads nowhere, a prompt, a format or an evaluation set is wrong, there is
            nothing to read, or the folder cannot be written.
        ModelError: The judge cannot be measured.
        JournalError: The store cannot be opened, read or written.
    """
    began_s = options.clock.monotonic()
    _check(source, options)
    _make_folder(out)
    building = _Building(source, out, options, watch or (lambda _: None))
    settings = Settings(concurrency=options.n_documents)
    async with open_runs(options.store or out / STORE, settings=settings, clock=options.clock) as runs:
        report = await building.run(runs)
    report = report.model_copy(update={"seconds": round(options.clock.monotonic() - began_s, 3)})
    write_whole(out / REPORT, [report.model_dump_json(indent=2).encode(), b"\n"])
    building.tell("writing")
    write_dataset(out, format=options.format, shard_rows=options.shard_rows, system=options.system)
    building.tell("done")
    return report


async def work(store: str, options: Options, *, watch: Watch | None = None) -> None:
    """Work on the builds of a store until cancelled: with `build` on another machine, share the work.

    Args:
        store: The store that they are kept in.
        options: How many calls and documents at once, and how models are opened; the rest is the builds' own.
        watch: Told how it goes.

    Raises:
        JournalError: The store cannot be opened.
    """
    state = State(stage="working")
    settings = Settings(concurrency=options.n_documents)
    async with open_runs(store, settings=settings, clock=options.clock) as runs:
        with _workshop(runs, options, _Told(state, watch or (lambda _: None))) as workshop:
            runs.register(director(workshop.cover))
            await asyncio.Event().wait()


def _check(source: Path, options: Options) -> None:
    """Find out before anything is paid whether there is something to read, and a form to write it in."""
    if not source.exists():
        raise ConfigError(f"there is no file or folder {str(source)!r}")
    if options.format is not None:
        format_of(options.format)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"the folder {str(out)!r} cannot be made: {error.strerror or error}") from error


class _Told:
    """Takes what was worked into the state, and passes it on."""

    def __init__(self, state: State, watch: Watch) -> None:
        self.state = state
        self.watch = watch

    def worked(self, worked: Worked, *, is_known: bool) -> None:
        """Take in what came of an assignment."""
        self.state.take(worked, is_known=is_known)
        self.watch(self.state)


def _workshop(runs: Runs, options: Options, told: _Told) -> Workshop:
    return Workshop(
        runs.store,
        open_model=options.open_model,
        owner=f"data:{SystemRng().token(8)}",
        clock=options.clock,
        most_calls=options.most_calls,
        watcher=told,
    )


class _Building:
    """One build, from the folder to what came of it."""

    def __init__(self, source: Path, out: Path, options: Options, watch: Watch) -> None:
        self._source = source
        self._out = out
        self._options = options
        self._cleaner = Cleaner(options)  # what is wrong with an evaluation set is said before anything is paid
        self._state = State()
        self._told = _Told(self._state, watch)
        self._budget = f"data:{source.resolve().name}:{out.resolve().name}"
        """The same for whoever gives the same command on another machine."""
        self._skipped: list[Skipped] = []
        self._names: dict[str, str] = {}
        """Id of each document to its name."""
        self._stopped: dict[str, str] = {}
        """Id of each document that is not done, and why."""

    def tell(self, stage: Stage) -> None:
        """Say what is done next."""
        self._state.stage = stage
        self._told.watch(self._state)

    async def run(self, runs: Runs) -> Report:
        """Do everything that needs the store."""
        with _workshop(runs, self._options, self._told) as workshop:
            return await self._run(runs, workshop)

    async def _run(self, runs: Runs, workshop: Workshop) -> Report:
        agent = director(workshop.cover)
        runs.register(agent)
        await runs.share_budget(self._budget, self._options.budget)
        spec, rates = await self._spec(workshop)
        await workshop.archive.keep(spec.digest, spec)
        self.tell("reading")
        begun = {}
        reading = read_folder(self._source, limits=self._options.limits, n_workers=self._options.n_readers)
        async with aclosing(reading):
            async for found in reading:
                document = await self._take(workshop, spec, found)
                if document is not None:
                    begun[document] = await self._begin(runs, agent, spec, document)
        if not begun:
            raise ConfigError(_nothing(self._source, self._skipped))
        self.tell("working")
        for document, run in begun.items():
            await self._end(document, run)
        self.tell("cleaning")
        counts = await gather(workshop, spec, begun, self._skipped, self._out, self._cleaner)
        return self._report(workshop, spec, rates, counts)

    async def _spec(self, workshop: Workshop) -> tuple[Spec, Rates | None]:
        """Say how documents are worked on; a judge that its controls show to be unfit is left out."""
        options = self._options
        prompts = PromptSet.load(folders=options.prompt_folders, versions=options.prompt_versions)
        spec = Spec(
            teacher=options.teacher,
            judge=options.judge,
            prompts=prompts,
            wishes=options.wishes,
            planted=options.planted,
        )
        team = await workshop.team(spec, self._budget)
        if not options.judge:
            return spec, None
        self.tell("measuring the judge")
        came = await asyncio.gather(*(measure(team, control) for control in chosen(options.n_controls)))
        rates = sum(came, start=Rates(model=options.judge))
        counts = rates.counts(options.most_false_accepts, options.most_false_rejects)
        return spec if counts else spec.without_judge(), rates

    async def _take(self, workshop: Workshop, spec: Spec, found: Document | Skipped) -> str | None:
        """Keep what was read, and give the id of a document that is to be worked on."""
        state = self._state
        state.n_files += 1
        if isinstance(found, Document) and (first := self._names.setdefault(found.id, found.name)) != found.name:
            found = Skipped(name=found.name, reason="same", says=f"has the text of {first!r}")
        if isinstance(found, Skipped):
            state.n_skipped += 1
            self._skipped.append(found)
            self._told.watch(state)
            return None
        await workshop.archive.keep_document(found)
        state.n_documents += 1
        state.n_passages += len((await workshop.case(spec, found)).asked)
        self._told.watch(state)
        return found.id

    async def _begin(self, runs: Runs, agent: Agent, spec: Spec, document: str) -> DurableRun[Outcome]:
        """Give the run of a document's director: the one there is, or where that was stopped, one that goes on."""
        order = Order(document=document, spec=spec.digest, budget=self._budget, rounds=self._options.wishes.rounds)
        name = f"data-{key_of('director', order.words)[:16]}"
        for attempt in itertools.count():
            run = await runs.start(agent, order.words, output=Outcome, id=f"{name}-{attempt}")
            if not (await run.row()).has_ended or not await self._stopped_by(run):
                return run
        raise AssertionError  # it counts without an end

    async def _end(self, document: str, run: DurableRun[Outcome]) -> None:
        """Wait for the end of a document."""
        if stopped := await self._stopped_by(run):
            self._stopped[document] = stopped

    async def _stopped_by(self, run: DurableRun[Outcome]) -> str:
        """Wait for the end of a run, and say why its document is not done; nothing where it is."""
        try:
            return (await run.result()).output.stopped
        except JournalError:
            raise
        except MainspringError as error:
            return f"{type(error).__name__}: {error}"

    def _report(self, workshop: Workshop, spec: Spec, rates: Rates | None, counts: Counts) -> Report:
        judging = None if rates is None else Judging.of(rates, counts.planted, counts=bool(spec.judge))
        return Report(
            spec=spec.digest,
            prompts=marks_of(spec),
            models=models_of(spec),
            sampling=sampling_of(spec),
            judge=judging,
            acceptance=counts.acceptance,
            refusals=dict(counts.refusals.most_common()),
            kinds=counts.kinds,
            words=counts.words,
            n_documents=self._state.n_documents,
            n_skipped=self._state.n_skipped,
            n_passages=counts.n_passages,
            n_worth_asking=counts.n_worth_asking,
            covered=counts.share_covered,
            failures=dict(counts.failures.most_common()),
            usage=Spent.of(counts.usage),
            now=Spent.of(workshop.tally.asked),
            stopped=next(iter(self._stopped.values()), ""),
            n_unfinished=len(self._stopped),
        )


def _nothing(source: Path, skipped: Sequence[Skipped]) -> str:
    """Say why there is nothing to work on."""
    if not skipped:
        return f"there is no document in {str(source)!r}"
    first = skipped[0]
    return f"none of {len(skipped)} files in {str(source)!r} could be read; the first, {first.name!r}: {first.says}"
