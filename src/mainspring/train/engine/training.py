"""A run from its folder to its model: what is needed for the loop, the loop, and what is made of its weights."""

import sys
import time
from typing import Final

from pydantic import JsonValue
from transformers.utils.logging import disable_progress_bar

from mainspring.train.engine.checkpoints import Checkpoints, State, check_same
from mainspring.train.engine.data import read_data, rows_digest, tell_left_out
from mainspring.train.engine.lines import Lines
from mainspring.train.engine.loop import Loop
from mainspring.train.engine.models import load_model, open_base, parallel_of
from mainspring.train.engine.precision import Precision, precision_of, set_matrix_products
from mainspring.train.engine.processes import Processes
from mainspring.train.engine.result import write_model
from mainspring.train.folder import Base, RunFolder
from mainspring.train.job import Job
from mainspring.train.metrics import Ended, read_metrics

_DECIDING: Final = (
    *("method", "adapter", "optimization", "rope", "seed"),
    *("sequence_tokens", "packing", "batch_tokens", "epochs", "max_steps", "patience"),
)
"""Fields of a job that decide what comes of it; its rows and its base are known by their digests."""


def train(folder: RunFolder, job: Job, processes: Processes) -> None:
    """Train a job to its end, from where it is.

    Raises:
        EngineError: It cannot begin or go on, and the user can do something about it.
    """
    precision = precision_of(job, processes.device)
    checkpoints = Checkpoints(folder, processes, keep=job.keep)
    state = checkpoints.latest()
    of = _deciding(folder, job, precision)
    if state is not None:
        check_same(state, of)
    if _is_done(folder):
        sys.stderr.write(f"the run in {folder.path} is done; its model is {folder.model}\n")
        return
    disable_progress_bar()
    set_matrix_products(precision)
    parallel = parallel_of(job, processes)
    base = open_base(job)
    data = read_data(folder, job, base)
    if processes.leads:
        checkpoints.sweep()
        tell_left_out(folder, data)
    model = load_model(job, base, processes, parallel=parallel, precision=precision)
    lines = Lines(folder.metrics, writes=processes.leads)
    loop = Loop(job, data, model, processes, checkpoints, lines, parallel, precision)
    state = loop.run(state or State(of=of))
    best_step = state.best_step if job.patience is not None and state.best_step != state.step else None
    if best_step is not None:
        checkpoints.load(best_step, loop.weights, None)
    write_model(folder, job, model, base.tokenizer, processes)
    early = state.step < loop.schedule.steps
    lines.add(Ended(at=time.time(), step=state.step, early=early, best_step=best_step))
    lines.close()


def _is_done(folder: RunFolder) -> bool:
    last = None
    for line in read_metrics(folder.metrics):
        last = line
    return isinstance(last, Ended) and folder.model.exists()


def _deciding(folder: RunFolder, job: Job, precision: Precision) -> dict[str, JsonValue]:
    """Give all that decides what comes of a run."""
    fields: dict[str, JsonValue] = job.model_dump(mode="json", include=set(_DECIDING))
    if job.patience is not None:
        fields["evaluate_every"] = job.evaluate_every
    base = Base.model_validate_json(folder.base.read_bytes()).sha256 if folder.base.exists() else job.base
    return fields | {"base": base, "precision": precision, "rows": rows_digest(folder)}
