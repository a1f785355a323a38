"""Checkpoints: what a run needs to go on as if it had never stopped.

    checkpoints/step-000040/    weights that are trained and their moments (torch.distributed.checkpoint), by each
                                process its part; any number of processes can read them
        state.json              how far the run is, and what it is a run of
        complete                all the rest is on the disk

Rows, rates and random numbers follow from the step, so nothing of them is kept. A checkpoint is written under
another name and renamed when it is whole; one that was not finished is removed, and never read.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import torch
import torch.distributed.checkpoint as dcp
from pydantic import Field, JsonValue
from torch.distributed.checkpoint import CheckpointException

from mainspring.core.disk import sync_folder, write_whole
from mainspring.train.engine.failures import EngineError
from mainspring.train.engine.processes import Processes
from mainspring.train.folder import COMPLETE, RunFolder
from mainspring.train.job import Value

_STATE: Final = "state.json"
_MOMENTS: Final = ("exp_avg", "exp_avg_sq")


class State(Value):
    """How far a run is."""

    VERSION: int = 1

    step: int = 0
    """Steps that are done."""
    best_loss: float | None = None
    """The lowest loss on the held-out rows."""
    best_step: int | None = None
    worse_in_a_row: int = 0
    """Evaluations since then."""
    of: Mapping[str, JsonValue] = Field(default_factory=dict)
    """What decides the outcome: the job and its rows. Only a run of the same goes on."""


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: Of the run.
        processes: All of them take part in writing and reading.
        keep: How many of the newest stay; the best one does in any case.
    """

    def __init__(self, folder: RunFolder, processes: Processes, *, keep: int) -> None:
        self._folder = folder
        self._processes = processes
        self._keep = keep

    def latest(self) -> State | None:
        """Give how far the newest whole checkpoint is."""
        newest = self._folder.latest_checkpoint()
        return None if newest is None else read_state(newest)

    def sweep(self) -> None:
        """Remove what a process that was killed left behind."""
        for path in self._folder.checkpoints.glob(".step-*"):
            shutil.rmtree(path, ignore_errors=True)

    def save(self, state: State, weights: Mapping[str, torch.nn.Parameter], optimizer: Any) -> bool:
        """Write a checkpoint, unless there is one of this step; say whether it was written."""
        path = self._at(state.step)
        draft = path.with_name(f".{path.name}.draft")
        if (path / COMPLETE).exists():
            return False
        try:
            dcp.save(_tensors(weights, optimizer), checkpoint_id=draft)
        except (CheckpointException, OSError):
            shutil.rmtree(draft, ignore_errors=True)
            raise
        if self._processes.leads:
            self._finish(draft, path, state)
        self._processes.wait()
        return True

    def load(self, step: int, weights: Mapping[str, torch.nn.Parameter], optimizer: Any | None) -> None:
        """Read weights, and the optimizer's moments if one is given, from the checkpoint of a step."""
        tensors = _tensors(weights, optimizer)
        dcp.load(tensors, checkpoint_id=self._at(step))
        if optimizer is not None:
            for weight in weights.values():
                optimizer.state[weight]["step"].fill_(step)

    def _finish(self, draft: Path, path: Path, state: State) -> None:
        """Mark a checkpoint that all have written as whole, and let older ones go."""
        try:
            write_whole(draft / _STATE, [state.model_dump_json(indent=2).encode()])
            write_whole(draft / COMPLETE, [])
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        shutil.rmtree(path, ignore_errors=True)
        draft.rename(path)
        sync_folder(path.parent)
        whole = sorted(one for one in self._folder.checkpoints.glob("step-*") if (one / COMPLETE).exists())
        for old in whole[: -self._keep]:
            if state.best_step is None or old != self._at(state.best_step):
                with suppress(OSError):
                    (old / COMPLETE).unlink()  # first, so that a half-removed one is none
                shutil.rmtree(old, ignore_errors=True)

    def _at(self, step: int) -> Path:
        return self._folder.checkpoints / f"step-{step:06d}"


def read_state(checkpoint: Path) -> State:
    """Give how far a checkpoint is."""
    return State.model_validate_json((checkpoint / _STATE).read_bytes())


def check_same(state: State, of: Mapping[str, JsonValue]) -> None:
    """See that a checkpoint is of the run that is to go on.

    Raises:
        EngineError: Something that decides the outcome is another.
    """
    differing = sorted(name for name in {*state.of, *of} if state.of.get(name) != of.get(name))
    if differing:
        changes = "; ".join(
            f"`{name}`: {_shown(state.of.get(name))}, given {_shown(of.get(name))}" for name in differing
        )
        raise EngineError(
            "other",
            f"the folder holds {state.step} steps of another run ({changes}). Give the job that it began with, or "
            "give this one a folder of its own",
        )


def _shown(value: JsonValue) -> str:
    return json.dumps(value)


def _tensors(weights: Mapping[str, torch.nn.Parameter], optimizer: Any | None) -> dict[str, torch.Tensor]:
    """Give all that is written, by names that do not depend on how many processes there are."""
    tensors: dict[str, torch.Tensor] = {f"weights.{name}": weight.detach() for name, weight in weights.items()}
    if optimizer is None:
        return tensors
    for name, weight in weights.items():
        moments = optimizer.state[weight]
        if not moments:  # as the optimizer's first step would make them
            moments |= {"step": torch.zeros(())} | {one: torch.zeros_like(weight.detach()) for one in _MOMENTS}
        tensors |= {f"{moment}.{name}": moments[moment] for moment in _MOMENTS}
    return tensors
