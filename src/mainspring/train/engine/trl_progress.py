"""What TRL tells of a run, in the form of the native loop: the same lines, and checkpoints that are whole or none.

TRL writes into `checkpoints/checkpoint-40`, each process its part. When all have, the folder is marked as whole and
takes the name of a checkpoint, `step-000040`; one that was cut off keeps TRL's name, and is swept away.

Held-out losses are computed here, over tokens as the native loop has them: TRL's own is a mean over rows.
"""

import math
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from mainspring.core.disk import sync_files, sync_folder, write_whole
from mainspring.train.engine.checkpoints import State
from mainspring.train.engine.failures import EngineError
from mainspring.train.engine.lines import Lines
from mainspring.train.engine.loss import loss_sum
from mainspring.train.engine.memory import peak_memory_mb
from mainspring.train.engine.packing import PackedRow
from mainspring.train.engine.precision import Precision, computing
from mainspring.train.engine.processes import Processes
from mainspring.train.engine.schedule import deal
from mainspring.train.engine.trl_rows import Stream
from mainspring.train.folder import COMPLETE, RunFolder
from mainspring.train.job import Job
from mainspring.train.metrics import Evaluation, Saved, Step


@dataclass(eq=False)
class Progress(TrainerCallback):  # type: ignore[misc]  # a class without types
    """Follows a run of TRL's trainer, and decides when it saves and when it ends."""

    folder: RunFolder
    job: Job
    stream: Stream
    validation: list[PackedRow]
    processes: Processes
    precision: Precision
    lines: Lines
    state: State
    """How far the run is."""

    def __post_init__(self) -> None:
        self._began_s = time.monotonic()
        self._told_s = self._began_s

    @property
    def is_over(self) -> bool:
        """Whether all steps are done, or the held-out loss has stopped falling."""
        return self.state.step >= self.stream.steps or self._is_enough

    @property
    def _is_enough(self) -> bool:
        return self.job.patience is not None and self.state.worse_in_a_row >= self.job.patience

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Take the time."""
        self._began_s = time.monotonic()

    def on_log(self, _: Any, state: Any, control: Any, **told: Any) -> None:
        """Tell of a step, hold the model against rows that it does not learn from, and see what follows."""
        logs = told["logs"]
        if "loss" not in logs:  # the summary at the end
            return
        step, best_step = int(state.global_step), self.state.best_step
        self.state = self.state.model_copy(update={"step": step})
        self._tell_step(step, logs)
        if self.validation and (step % self.job.evaluate_every == 0 or step == self.stream.steps):
            self._evaluate(told["model"])
        is_best = self.job.patience is not None and self.state.best_step != best_step
        control.should_save = step % self.job.save_every == 0 or self.is_over or is_best
        control.should_training_stop = self.is_over
        self._told_s = time.monotonic()

    def on_save(self, *_: Any, **__: Any) -> None:
        """Make a checkpoint of what all processes have written."""
        self.processes.wait()
        if self.processes.leads:
            self._finish(self.folder.checkpoints / f"checkpoint-{self.state.step}")
        self.processes.wait()
        self.lines.add(Saved(at=time.time(), step=self.state.step, seconds=time.monotonic() - self._told_s))

    def _tell_step(self, step: int, logs: dict[str, float]) -> None:
        loss, norm = float(logs["loss"]), float(logs["grad_norm"])
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise EngineError(
                "loss",
                f"the loss is {loss} and the norm of its gradients {norm} at step {step}: the weights were moved "
                f"too far. Lower the learning rate (it was {self.job.highest_rate:g} at its highest) or "
                "`clip_norm`, and begin in a folder of its own; the last checkpoint is from before that",
                step=step,
            )
        peaks_mb = self.processes.gather(peak_memory_mb(self.processes.device))
        self.lines.add(
            Step(
                at=time.time(),
                step=step,
                epoch=self.stream.epoch(step),
                loss=loss,
                learning_rate=float(logs["learning_rate"]),
                gradient_norm=norm,
                tokens=sum(len(row.ids_T) for row in self.stream.batch(step)),
                seconds=time.monotonic() - self._began_s,
                peak_memory_mb=max(one for (one,) in peaks_mb),
            )
        )

    def _evaluate(self, model: Any) -> None:
        """Compute the held-out loss, the mean over learnt tokens, and see whether it is the best so far."""
        loss = self._held_out_loss(model)
        is_best = self.state.best_loss is None or loss < self.state.best_loss
        self.lines.add(Evaluation(at=time.time(), step=self.state.step, loss=loss, is_best=is_best))
        better = {"best_loss": loss, "best_step": self.state.step, "worse_in_a_row": 0}
        self.state = self.state.model_copy(
            update=better if is_best else {"worse_in_a_row": self.state.worse_in_a_row + 1}
        )

    def _held_out_loss(self, model: Any) -> float:
        device, total = self.processes.device, 0.0
        model.eval()
        with torch.no_grad(), computing(self.precision, device, sharded=False):
            for row in deal(self.validation, rank=self.processes.rank, processes=self.processes.size):
                total += 0.0 if row is None else float(loss_sum(model, row, device))
        model.train()
        totals = math.fsum(one for (one,) in self.processes.gather(total))
        return totals / sum(row.n_learnt for row in self.validation)

    def _finish(self, written: Path) -> None:
        """Mark what TRL has written as whole, and let older checkpoints go, but for the best one."""
        for form in (written, written.parent):  # cards that nobody has filled in
            (form / "README.md").unlink(missing_ok=True)
        write_whole(written / "state.json", [self.state.model_dump_json(indent=2).encode()])
        sync_files(written)
        write_whole(written / COMPLETE, [])
        written.rename(checkpoint_of(self.folder, self.state.step))
        sync_folder(self.folder.checkpoints)
        whole = sorted(path for path in self.folder.checkpoints.glob("step-*") if (path / COMPLETE).exists())
        best = None if self.state.best_step is None else checkpoint_of(self.folder, self.state.best_step)
        for old in whole[: -self.job.keep]:
            if old != best:
                with suppress(OSError):
                    (old / COMPLETE).unlink()  # first, so that a half-removed one is none
                shutil.rmtree(old, ignore_errors=True)


def checkpoint_of(folder: RunFolder, step: int) -> Path:
    """Give the folder of the checkpoint of a step."""
    return folder.checkpoints / f"step-{step:06d}"


def sweep(folder: RunFolder) -> None:
    """Remove checkpoints that were not finished."""
    for path in folder.checkpoints.glob("checkpoint-*"):
        shutil.rmtree(path, ignore_errors=True)
