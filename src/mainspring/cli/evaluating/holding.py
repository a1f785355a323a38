"""Hold models to a suite, one after the other, while a person looks on: the part that `run` and `compare` share."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import typer

from mainspring.agent import run_in_new_loop
from mainspring.cli.prepare import make_ready
from mainspring.cli.stored.signals import stopping
from mainspring.cli.views.evals import HoldView
from mainspring.cli.views.screen import Screen
from mainspring.core import Model
from mainspring.evals import Held, Judge, Kept, Results, Suite, hold, read_kept, work_of
from mainspring.models import open_model

_GGUF: Final = ".gguf"
_STOPPING: Final = "stopping; Ctrl-C again ends at once"
_STOPPED: Final = "stopped; the same command goes on from here"


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how models are held to suites."""

    results: Results
    concurrency: int
    judge_name: str | None
    notes: Screen
    _models: dict[str, Model] = field(default_factory=dict)

    def held(self, suite: Suite, model_name: str, out: Path | None = None) -> Kept:
        """Hold a model to a suite, going on with what was cut off.

        Args:
            suite: What is asked.
            model_name: Who is asked: a name as `open_model` has it, or a GGUF file.
            out: The file; one in the folder of results if not given.
        """
        model, judge = self._opened(model_name), self._judge(suite)
        work = work_of(suite, model, judge=judge, concurrency=self.concurrency)
        place = out or self.results.place(work)
        make_ready(model, self.notes)
        if judge is not None:
            make_ready(judge.model, self.notes)
        held = run_in_new_loop(self._hold(suite, model, judge, place))
        if isinstance(held, int):
            raise typer.Exit(held)
        return read_kept(place)

    def known(self, suite: Suite, model_name: str) -> Kept:
        """Give the newest whole result of that work; hold the model to the suite where there is none."""
        work = work_of(suite, self._opened(model_name), judge=self._judge(suite), concurrency=self.concurrency)
        found = self.results.of(work)
        return found if found is not None and found.is_complete else self.held(suite, model_name)

    def _judge(self, suite: Suite) -> Judge | None:
        return Judge(self._opened(self.judge_name)) if self.judge_name and suite.judged else None

    def _opened(self, name: str) -> Model:
        """Open a model, once."""
        if name not in self._models:
            is_file = name.endswith(_GGUF) and Path(name).is_file()
            self._models[name] = open_model(f"local:{name}" if is_file else name)
        return self._models[name]

    async def _hold(self, suite: Suite, model: Model, judge: Judge | None, place: Path) -> Held | int:
        """Hold; the exit code where a signal came first."""
        with stopping(lambda: self.notes.line(_STOPPING, style="dim")) as stop:
            try:
                with HoldView(self.notes, model.name, len(suite.cases)) as view:
                    return await hold(
                        suite, model, concurrency=self.concurrency, on_outcome=view.show, kept=place, judge=judge
                    )
            except asyncio.CancelledError:
                if stop.by is None:
                    raise
                self.notes.line(_STOPPED, style="dim")
                return stop.exit_code
