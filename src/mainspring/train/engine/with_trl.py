"""The same job, trained by TRL's `SFTTrainer`: a second engine behind one door, and what ours is held against.

Tokens, labels, their order, rates and adapters are ours (`trl_rows.py`), and so are lines, failures and the names
of checkpoints (`trl_progress.py`); the forward pass, the loss, the steps and what is in checkpoints are TRL's.

TRL does not know beginnings that conversations share: a job that packs them is packed as `plain`. It is not asked
to divide weights over processes. Its random numbers are kept by process, so a run goes on with as many as it had.
TRL is no part of the extra `train`.
"""

import copy
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub import constants
from peft import PeftModel
from pydantic import JsonValue
from torch.optim.lr_scheduler import LambdaLR
from transformers.utils.logging import disable_progress_bar

from mainspring.train.engine.adapters import trained
from mainspring.train.engine.checkpoints import State, check_same, read_state
from mainspring.train.engine.data import Data, read_data, rows_digest, tell_left_out
from mainspring.train.engine.failures import EngineError
from mainspring.train.engine.lines import Lines
from mainspring.train.engine.models import Base as OpenedBase
from mainspring.train.engine.models import load_model, open_base
from mainspring.train.engine.optimizer import adamw, set_rate
from mainspring.train.engine.precision import Precision, precision_of, set_matrix_products
from mainspring.train.engine.processes import Processes
from mainspring.train.engine.result import write_model
from mainspring.train.engine.schedule import rate
from mainspring.train.engine.trl_progress import Progress, checkpoint_of, sweep
from mainspring.train.engine.trl_rows import Stream, columns, stream_of
from mainspring.train.folder import Base, RunFolder
from mainspring.train.job import Job
from mainspring.train.metrics import Ended, Started, read_metrics

_DECIDING: Final = (
    *("trainer", "method", "adapter", "optimization", "rope", "seed"),
    *("sequence_tokens", "packing", "batch_tokens", "epochs", "max_steps", "patience"),
)
"""Fields of a job that decide what comes of it; its rows and its base are known by their digests."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What is trained, and how it is followed."""

    folder: RunFolder
    job: Job
    processes: Processes
    stream: Stream
    base: OpenedBase
    model: Any
    progress: Progress


def train(folder: RunFolder, job: Job, processes: Processes) -> None:
    """Train a job to its end by TRL, from where it is.

    Raises:
        EngineError: It cannot begin or go on, and the user can do something about it.
    """
    precision = precision_of(job, processes.device)
    state = _state(folder, job, processes, precision)
    if _is_done(folder):
        sys.stderr.write(f"the run in {folder.path} is done; its model is {folder.model}\n")
        return
    disable_progress_bar()
    set_matrix_products(precision)
    base = open_base(job)
    data = read_data(folder, _without_shared_beginnings(job), base)
    if processes.leads:
        sweep(folder)
        tell_left_out(folder, data)
    stream = stream_of(job, data.train, processes.size)
    model = load_model(job, base, processes, parallel=_parallel(processes), precision=precision)
    configs = copy.deepcopy((model.config, model.generation_config))
    lines = Lines(folder.metrics, writes=processes.leads)
    progress = Progress(folder, job, stream, data.validation, processes, precision, lines, state)
    run = _Run(folder, job, processes, stream, base, model, progress)
    trainer = None if progress.is_over else _trainer(run)
    lines.add(_started(data, progress, model))
    best_step = _learn(run, trainer)
    if job.method == "full":
        model.config, model.generation_config = configs  # TRL puts the tokenizer's special tokens there
    write_model(folder, job, model, base.tokenizer, processes)
    step = progress.state.step
    lines.add(Ended(at=time.time(), step=step, early=step < stream.steps, best_step=best_step))
    lines.close()


def load_weights(model: Any, checkpoint: Path) -> None:
    """Read weights from a checkpoint that TRL wrote."""
    if isinstance(model, PeftModel):
        model.load_adapter(str(checkpoint), "default", is_trainable=True)
    else:
        model.load_state_dict(type(model).from_pretrained(checkpoint, dtype=torch.float32).state_dict())


def _learn(run: _Run, trainer: Any | None) -> int | None:
    """Have TRL train to the end; give the step whose weights count, if that is not the last."""
    latest = run.folder.latest_checkpoint()
    if trainer is not None:
        try:
            trainer.train(resume_from_checkpoint=None if latest is None else str(latest))
        finally:
            if run.processes.leads:
                sweep(run.folder)
    elif latest is not None:
        load_weights(run.model, latest)
    state = run.progress.state
    best_step = state.best_step if run.job.patience is not None and state.best_step != state.step else None
    if best_step is not None:
        load_weights(run.model, checkpoint_of(run.folder, best_step))
    return best_step


def _trainer(run: _Run) -> Any:
    """Make TRL's trainer of a run."""
    trl, datasets = _libraries()
    job, steps = run.job, run.stream.steps
    optimizer = adamw(trained(run.model), job.optimization)
    set_rate(optimizer, job.highest_rate)
    rates = LambdaLR(optimizer, lambda done: rate(job, done + 1, steps) / job.highest_rate)
    return trl.SFTTrainer(
        model=run.model,
        args=trl.SFTConfig(**_settings(run)),
        train_dataset=datasets.Dataset.from_dict(columns(run.stream)),
        processing_class=copy.deepcopy(run.base.tokenizer),  # whose padding TRL changes
        callbacks=[run.progress],
        optimizers=(optimizer, rates),
    )


def _settings(run: _Run) -> dict[str, Any]:
    """Give what TRL is told; the rest of its own mind is of no effect on rows that are prepared."""
    on_cpu = run.processes.device.type == "cpu"
    return {
        "output_dir": str(run.folder.checkpoints),
        "seed": run.job.seed,
        "num_train_epochs": 1,  # of the stream, which holds all of the job's
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": run.stream.rows_per_step // run.processes.size,
        "train_sampling_strategy": "sequential",
        "dataset_kwargs": {"skip_prepare_dataset": True},
        "packing": run.job.packing != "none",
        "max_grad_norm": run.job.optimization.clip_norm,
        "bf16": run.progress.precision == "bf16",
        "activation_checkpointing": run.job.activation_checkpointing,
        "activation_checkpointing_kwargs": {"use_reentrant": False} if run.job.activation_checkpointing else None,
        "ddp_find_unused_parameters": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would hide them
        "save_strategy": "no",  # the one that follows the run says when
        "eval_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": on_cpu,
        "dataloader_pin_memory": not on_cpu,
    }


def _libraries() -> tuple[Any, Any]:
    """Import TRL, and see that it keeps to itself what is trained here."""
    try:
        import datasets  # it comes with TRL
        import trl
    except ModuleNotFoundError as error:
        raise EngineError(
            "other",
            f'`trainer = "trl"` needs TRL, and {error.name} is missing: pip install trl, or leave `trainer` out',
        ) from error
    constants.HF_HUB_DISABLE_TELEMETRY = True
    return trl, datasets


def _state(folder: RunFolder, job: Job, processes: Processes, precision: Precision) -> State:
    """Give how far a run is.

    Raises:
        EngineError: TRL cannot do the job, is not there, or the folder holds steps of another one.
    """
    if job.parallel == "fsdp":
        raise EngineError(
            "other",
            '`trainer = "trl"` keeps all weights in each process; for `parallel = "fsdp"` leave `trainer` out',
        )
    _libraries()
    fields: dict[str, JsonValue] = job.model_dump(mode="json", include=set(_DECIDING))
    base = Base.model_validate_json(folder.base.read_bytes()).sha256 if folder.base.exists() else job.base
    of = fields | {"base": base, "processes": processes.size, "precision": precision, "rows": rows_digest(folder)}
    latest = folder.latest_checkpoint()
    if latest is None:
        return State(of=of)
    state = read_state(latest)
    check_same(state, of)
    return state


def _is_done(folder: RunFolder) -> bool:
    lines = [*read_metrics(folder.metrics)]
    return bool(lines) and isinstance(lines[-1], Ended) and folder.model.exists()


def _without_shared_beginnings(job: Job) -> Job:
    if job.packing != "shared":
        return job
    sys.stderr.write('TRL does not know shared beginnings; rows are packed as with `packing = "plain"`\n')
    return job.model_copy(update={"packing": "plain"})


def _parallel(processes: Processes) -> Any:
    return "ddp" if processes.size > 1 else "none"


def _started(data: Data, progress: Progress, model: Any) -> Started:
    return Started(
        at=time.time(),
        step=progress.state.step,
        steps=progress.stream.steps,
        processes=progress.processes.size,
        device=progress.processes.device_name,
        precision=progress.precision,
        parallel=_parallel(progress.processes),
        parameters=sum(one.numel() for one in model.parameters()),
        trained_parameters=sum(one.numel() for one in trained(model).values()),
        rows=data.n_rows,
        tokens=sum(len(row.ids_T) for row in data.train),
        learnt_tokens=sum(row.n_learnt for row in data.train),
        unpacked_tokens=sum(row.unpacked_tokens for row in data.train),
    )
