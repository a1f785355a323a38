"""One turn of the flywheel, in stages that each leave a file: whoever is interrupted starts the same command again.

    gather -> dataset -> rehearse -> train -> export -> evaluate -> decide

A stage that is done is done again at no cost: runs that have ended are not asked again, training goes on at its
last checkpoint, and a case that was answered stays answered.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from mainspring.agent import Agent
from mainspring.core import Clock, Model, SystemClock
from mainspring.data.traces import Counts, traces
from mainspring.data.traces.folder import write_traces
from mainspring.evals import Held, Suite, hold, load_suite
from mainspring.fly.asking import as_asked_by, run_by
from mainspring.fly.gathering import Gathered, gather
from mainspring.fly.rehearsing import rehearse
from mainspring.fly.requests import Request, read_requests
from mainspring.models import open_model
from mainspring.promotion import GateRule, Promotion, Verdict, begin, gate, promoter
from mainspring.promotion.adding import Wanted, add
from mainspring.promotion.settings_file import SettingsFile
from mainspring.runs import Runs, Settings, open_runs
from mainspring.train import Job
from mainspring.train.export import Quantization, export
from mainspring.train.launching import train
from mainspring.train.metrics import Line, Started, Step

Stage = Literal["gather", "dataset", "rehearse", "train", "export", "evaluate", "decide"]
STAGES: Final[tuple[Stage, ...]] = ("gather", "dataset", "rehearse", "train", "export", "evaluate", "decide")
Side = Literal["teacher", "base", "tuned"]

_GOOD: Final = "finished and not corrected"
"""Runs to learn from: those that nothing had to be mended in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What is to be flown: whose decisions are learnt by which model, and what it has to pass."""

    agent: Agent
    """Whose decisions; its model is the teacher."""
    student: str
    """The base: a name of the catalog of embedded models, or a GGUF file."""
    out: Path
    """The folder that everything is kept in."""
    suite: Path
    """Cases that nobody learns from."""
    requests: Path | None = None
    """What the teacher is asked; None where the runs in `store` are enough."""
    store: str = ""
    """Where the runs are; a file in `out` if empty."""
    general: Path | None = None
    """Cases of other things, against forgetting."""
    rehearsal: Path | None = None
    """Questions of other things, whose answers by the base are learnt besides."""
    where: str = _GOOD
    """Which runs are learnt from, in the words of `mainspring data from-runs`."""
    job: Job
    """How the student is trained; its data, base and folder are set here."""
    quantization: Quantization = "q8_0"
    rule: GateRule = field(default_factory=GateRule)
    pool: str = ""
    """The name that the models are served under; nothing is promoted if empty."""
    settings: Path | None = None
    """The mainspring.toml that it stands in; one in `out` if not given."""
    share: float = 1.0
    """Of the pool's calls; with all of them the teacher is who is escalated to."""

    def models(self, landing: "Landing") -> dict[Side, str]:
        """Name the models that are compared."""
        return {"teacher": self.agent.model_names[0], "base": self.student, "tuned": str(landing.gguf)}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is."""

    stage: Stage
    says: str
    done: int = 0
    total: int = 0
    """0 where nobody knows."""


Tell = Callable[[Progress], None]


@dataclass(slots=True)
class Landing:
    """What came of it."""

    out: Path
    seconds: dict[Stage, float] = field(default_factory=dict)
    gathered: Gathered | None = None
    n_rows: dict[str, int] = field(default_factory=dict)
    n_rehearsed: int = 0
    gguf: Path | None = None
    task: dict[Side, Held] = field(default_factory=dict)
    general: dict[Side, Held] = field(default_factory=dict)
    together: Held | None = None
    """The agent with the tuned model first and the teacher on escalation."""
    verdict: Verdict | None = None
    decision: str = ""
    """What was decided about the pool, in words."""


async def fly(flight: Flight, tell: Tell | None = None, clock: Clock | None = None) -> Landing:
    """Fly, or go on where it was cut off.

    Raises:
        ConfigError: Something that is needed is missing or wrong; the message says what to do.
        TrainingError: Training stopped; the same command goes on from its last checkpoint.
        MainspringError: A stage could not be done; what the ones before it left stays.
    """
    flight.out.mkdir(parents=True, exist_ok=True)
    turn = _Turn(flight, tell or (lambda _: None), clock or SystemClock())
    async with open_runs(
        flight.store or str(flight.out / "runs.db"), agents=[flight.agent, promoter], settings=Settings(adopt=False)
    ) as runs:
        await turn.learn_from(runs)
        await turn.train()
        await turn.evaluate()
        await turn.decide(runs)
    return turn.landing


class _Turn:
    """One turn, stage by stage."""

    def __init__(self, flight: Flight, tell: Tell, clock: Clock) -> None:
        self._flight = flight
        self._tell = tell
        self._clock = clock
        self._out = flight.out
        self._base = open_model(_local(flight.student))
        self.landing = Landing(flight.out)
        self._steps = 0

    async def learn_from(self, runs: Runs) -> None:
        """Have the teacher decide, and write what it decided well as rows."""
        flight, landing = self._flight, self.landing
        with self._stage("gather"):
            if flight.requests is not None:
                landing.gathered = await gather(
                    runs, flight.agent, self._read("gather", flight.requests), on_done=self._told_gathered
                )
        with self._stage("dataset"):
            counts = Counts()
            found = traces(runs, agent=flight.agent.name, where=flight.where, counts=counts)
            dataset = await write_traces(self._out / "dataset", found, counts)
            landing.n_rows = {str(split): n for split, n in dataset.n_rows.items()}
            rows = ", ".join(f"{n} in {split}" for split, n in dataset.n_rows.items())
            self._tell(Progress("dataset", f"{counts.n_taken} of {counts.n_looked_at} runs: {rows}"))
        with self._stage("rehearse"):
            if flight.rehearsal is not None:
                asked = self._read("rehearse", flight.rehearsal)
                landing.n_rehearsed = await rehearse(
                    self._base,
                    asked,
                    self._out / "rehearsal.jsonl",
                    on_done=lambda n: self._tell(Progress("rehearse", "questions of other things", n, len(asked))),
                )

    async def train(self) -> None:
        """Train the student and write it in the form that it is served in."""
        flight = self._flight
        job = flight.job.model_copy(
            update={
                "data": self._out / "dataset",
                "base": flight.student,
                "out": self._out / "train",
                "rehearsal": self._out / "rehearsal.jsonl" if flight.rehearsal is not None else None,
            }
        )
        with self._stage("train"):
            run = await asyncio.to_thread(
                train, job, on_line=self._told_trained, on_remark=lambda says: self._tell(Progress("train", says))
            )
        with self._stage("export"):
            exported = await asyncio.to_thread(export, run, "gguf", quantization=flight.quantization)
            self.landing.gguf = exported.gguf
            self._tell(Progress("export", f"{exported.size_bytes / 1e6:,.0f} MB in {exported.folder}"))

    async def evaluate(self) -> None:
        """Hold teacher, base and tuned model to the same cases, and the agent with both of them."""
        flight, landing = self._flight, self.landing
        cases = load_suite(str(flight.suite))
        suite = as_asked_by(flight.agent, cases)
        general = None if flight.general is None else load_suite(str(flight.general))
        teacher, tuned = flight.agent.model, open_model(_local(str(landing.gguf)))
        sides: dict[Side, Model] = {"tuned": tuned, "base": self._base, "teacher": teacher}
        with self._stage("evaluate"):
            for side, model in sides.items():
                landing.task[side] = await self._held(suite, model, side)
                if general is not None and side != "teacher":
                    landing.general[side] = await self._held(general, model, side)
            both = flight.agent.replace(model=tuned, escalate=teacher)
            landing.together = await self._held(run_by(both, cases), tuned, "together")

    async def decide(self, runs: Runs) -> None:
        """Open the gate or not; if it opens, give the tuned model its share."""
        flight, landing = self._flight, self.landing
        with self._stage("decide"):
            landing.verdict = gate(
                landing.task["tuned"],
                landing.task["teacher"],
                landing.general.get("tuned"),
                landing.general.get("base"),
                flight.rule,
            )
            if not flight.pool:
                return
            run = await begin(runs, self._promotion())
            landing.decision = str((await run.result()).output)
            self._tell(Progress("decide", landing.decision))

    def _promotion(self) -> Promotion:
        """Write down the two models, where they are not, and what is to be decided about them."""
        flight = self._flight
        file = SettingsFile((flight.settings or self._out / "mainspring.toml").absolute())
        tuned = add(file, Wanted(out=str(self.landing.gguf), name=f"{flight.pool}-tuned"), replaces=True).name
        if flight.pool not in file.models():
            provider, _, model = flight.agent.model_names[0].partition(":")
            file.change(lambda models: {**models, flight.pool: {"provider": provider, "model": model}})
        sides: list[tuple[str, Side]] = [("task", "tuned"), ("task", "teacher")]
        if self.landing.general:
            sides += [("general", "tuned"), ("general", "base")]
        return Promotion(
            settings=file.path,
            pool=flight.pool,
            model=tuned,
            share=flight.share,
            kept_as=f"{flight.pool}-large" if flight.share == 1.0 else "",
            results=tuple(self._kept(*side).absolute() for side in sides),
            folder=(self._out / "evals").absolute(),
            rule=flight.rule,
            by="mainspring fly",
        )

    async def _held(self, suite: Suite, model: Model, side: str) -> Held:
        kept = self._kept("task" if side == "together" or suite.prompt else "general", side)
        kept.parent.mkdir(parents=True, exist_ok=True)
        done = 0

        def told(_: object) -> None:
            nonlocal done
            done += 1
            self._tell(Progress("evaluate", f"{side}: {suite.name}", done, len(suite.cases)))

        return await hold(suite, model, concurrency=1, on_outcome=told, kept=kept, clock=self._clock)

    def _kept(self, which: str, side: str) -> Path:
        return self._out / "evals" / f"{which}-{side}.jsonl"

    def _read(self, stage: Stage, path: Path) -> list[Request]:
        return read_requests(path, lambda says: self._tell(Progress(stage, says)))

    def _told_gathered(self, so_far: Gathered) -> None:
        n = so_far.n_done + so_far.n_failed
        failed = f", {so_far.n_failed} without an answer" if so_far.n_failed else ""
        self._tell(Progress("gather", f"requests{failed}", n, so_far.n_all))

    def _told_trained(self, line: Line) -> None:
        if isinstance(line, Started):
            self._steps = line.steps
        elif isinstance(line, Step):
            self._tell(Progress("train", f"loss {line.loss:.3f}", line.step, self._steps))

    @contextmanager
    def _stage(self, stage: Stage) -> Iterator[None]:
        began_s = self._clock.monotonic()
        yield
        self.landing.seconds[stage] = self._clock.monotonic() - began_s


def _local(model: str) -> str:
    """Name a model of this machine."""
    return model if ":" in model else f"local:{model}"
