"""The loop: rows to loss to gradients to weights, until the steps are done or nothing gets better.

    for each step:   this process's rows of the step, one after the other: loss of the learnt tokens, gradients
                     the mean of gradients over processes, clipped; AdamW at the step's rate
                     now and then: the loss on held-out rows; a checkpoint

The loss of a step is the mean over the learnt tokens of all its rows, in whatever processes they are computed, so
how the work is divided changes no figure. All that a step depends on follows from its number and from the weights
and moments before it; so a run that goes on from a checkpoint is the run that never stopped.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

import torch

from mainspring.train.engine.adapters import trained
from mainspring.train.engine.checkpoints import Checkpoints, State
from mainspring.train.engine.data import Data
from mainspring.train.engine.failures import EngineError
from mainspring.train.engine.lines import Lines
from mainspring.train.engine.loss import loss_sum
from mainspring.train.engine.memory import peak_memory_mb
from mainspring.train.engine.models import Parallel
from mainspring.train.engine.optimizer import adamw, clip, set_rate
from mainspring.train.engine.packing import PackedRow
from mainspring.train.engine.precision import Precision, computing
from mainspring.train.engine.processes import Processes
from mainspring.train.engine.schedule import Schedule, deal, rate
from mainspring.train.job import Job
from mainspring.train.metrics import Evaluation, Saved, Started, Step


@dataclass
class Loop:
    """A model in training."""

    job: Job
    data: Data
    model: Any
    """On this process's device, divided as `parallel` says."""
    processes: Processes
    checkpoints: Checkpoints
    """Where the run goes on from, and what it leaves."""
    lines: Lines
    """Where it tells what happens."""
    parallel: Parallel
    precision: Precision

    def __post_init__(self) -> None:
        self.weights = trained(self.model)
        self.optimizer = adamw(self.weights, self.job.optimization)
        self.schedule = Schedule(self.job, self.data.train)

    def run(self, state: State) -> State:
        """Train from where a run is to its end, and give where it is then."""
        if state.step:
            self.checkpoints.load(state.step, self.weights, self.optimizer)
        self._tell_start(state)
        steps = self.schedule.steps
        while state.step < steps and not self.is_enough(state):
            state = self._step(state)
            best_step = state.best_step
            if self.data.validation and (state.step % self.job.evaluate_every == 0 or state.step == steps):
                state = self._evaluate(state)
            is_last = state.step == steps or self.is_enough(state)
            is_best = self.job.patience is not None and state.best_step != best_step
            if state.step % self.job.save_every == 0 or is_last or is_best:
                self._save(state)
        return state

    def is_enough(self, state: State) -> bool:
        """Whether the held-out loss has stopped falling."""
        return self.job.patience is not None and state.worse_in_a_row >= self.job.patience

    def _step(self, state: State) -> State:
        """Move the weights once."""
        began_s = time.monotonic()
        step = state.step + 1
        set_random_numbers(self.job.seed, step, self.processes.rank)
        rows = self.schedule.batch(step)
        learning_rate = rate(self.job, step, self.schedule.steps)
        self.optimizer.zero_grad()
        loss = self._forward(rows, backward=True)
        if not math.isfinite(loss):
            raise self._diverged(step, f"the loss is {loss}")
        if self.parallel == "ddp":
            self.processes.average_gradients(list(self.weights.values()))
        norm = clip(list(self.weights.values()), self.job.optimization.clip_norm)
        if not math.isfinite(norm):
            raise self._diverged(step, f"the norm of the gradients is {norm}")
        set_rate(self.optimizer, learning_rate)
        self.optimizer.step()
        peaks_mb = self.processes.gather(peak_memory_mb(self.processes.device))
        self.lines.add(
            Step(
                at=time.time(),
                step=step,
                epoch=self.schedule.epoch(step),
                loss=loss,
                learning_rate=learning_rate,
                gradient_norm=norm,
                tokens=sum(len(row.ids_T) for row in rows),
                seconds=time.monotonic() - began_s,
                peak_memory_mb=max(one for (one,) in peaks_mb),
            )
        )
        return state.model_copy(update={"step": step})

    def _forward(self, rows: list[PackedRow], *, backward: bool) -> float:
        """Give the mean loss over the learnt tokens of rows, and add its gradients if they are wanted."""
        device, size = self.processes.device, self.processes.size
        n_learnt = sum(row.n_learnt for row in rows)
        total = torch.zeros((), dtype=torch.float64, device=device)
        for row in deal(rows, rank=self.processes.rank, processes=size):
            with computing(self.precision, device, sharded=self.parallel == "fsdp"):
                loss = loss_sum(self.model, row, device)
            if backward:
                (loss * (size / n_learnt)).backward()  # the mean over processes undoes `size`
            total += loss.detach()
        return math.fsum(one for (one,) in self.processes.gather(total.item())) / n_learnt

    def _evaluate(self, state: State) -> State:
        """Hold the model against rows that it does not learn from."""
        self.model.eval()
        with torch.no_grad():
            loss = self._forward(self.data.validation, backward=False)
        self.model.train()
        if not math.isfinite(loss):
            raise self._diverged(state.step, f"the held-out loss is {loss}")
        is_best = state.best_loss is None or loss < state.best_loss
        self.lines.add(Evaluation(at=time.time(), step=state.step, loss=loss, is_best=is_best))
        if is_best:
            return state.model_copy(update={"best_loss": loss, "best_step": state.step, "worse_in_a_row": 0})
        return state.model_copy(update={"worse_in_a_row": state.worse_in_a_row + 1})

    def _save(self, state: State) -> None:
        began_s = time.monotonic()
        if self.checkpoints.save(state, self.weights, self.optimizer):
            self.lines.add(Saved(at=time.time(), step=state.step, seconds=time.monotonic() - began_s))

    def _tell_start(self, state: State) -> None:
        self.lines.add(
            Started(
                at=time.time(),
                step=state.step,
                steps=self.schedule.steps,
                processes=self.processes.size,
                device=self.processes.device_name,
                precision=self.precision,
                parallel=self.parallel,
                parameters=sum(one.numel() for one in self.model.parameters()),
                trained_parameters=sum(one.numel() for one in self.weights.values()),
                rows=self.data.n_rows,
                tokens=sum(len(row.ids_T) for row in self.data.train),
                learnt_tokens=sum(row.n_learnt for row in self.data.train),
                unpacked_tokens=sum(row.unpacked_tokens for row in self.data.train),
            )
        )

    def _diverged(self, step: int, what: str) -> EngineError:
        return EngineError(
            "loss",
            f"{what} at step {step}: the weights were moved too far. Lower the learning rate (it was "
            f"{self.job.highest_rate:g} at its highest) or `clip_norm`, and begin in a folder of its own; the last "
            "checkpoint is from before that",
            step=step,
        )


def set_random_numbers(seed: int, step: int, rank: int) -> None:
    """Let the random numbers of a step, which dropout takes, follow from where it is in the run."""
    torch.manual_seed(((seed << 40) + (step << 16) + rank) % 2**63)
