"""The figures of a run, read from its folder."""

from statistics import median

from mainspring.core.errors import ConfigError
from mainspring.gpu import find_gpu
from mainspring.train.folder import RunFolder
from mainspring.train.job import Value
from mainspring.train.metrics import Ended, Evaluation, Line, Saved, Started, Step, read_metrics
from mainspring.train.planning import TrainingPlan
from mainspring.train.planning.hardware import gpu_flops


class Figures(Value):
    """How far a run is and what it took."""

    VERSION: int = 1

    is_done: bool
    step: int
    steps: int
    epoch: float
    first_loss: float | None
    loss: float | None
    """Of the last step."""
    first_held_out: float | None
    held_out: float | None
    """The last loss on the held-out split."""
    best_held_out: float | None
    best_step: int | None
    seconds: float
    """Of all steps together."""
    tokens: int
    """That went through all steps, as packed."""
    tokens_per_s: float | None
    """The median over steps."""
    peak_memory_mb: float | None
    planned_memory_mb: float | None
    mfu: float | None
    """Share of the GPUs' stated arithmetic that was used; None on CPUs and unknown GPUs."""
    processes: int
    device: str
    precision: str
    parallel: str
    parameters: int
    trained_parameters: int
    rows: int
    rows_left_out: int
    unpacked_tokens: int
    """Of an epoch, had its conversations been taken one by one."""
    packed_tokens: int
    checkpoints: tuple[str, ...]
    ended_early: bool


def read_figures(folder: RunFolder, plan: TrainingPlan | None = None) -> Figures:
    """Read how far a run is.

    Args:
        folder: Of the run.
        plan: What was planned, where that is known.

    Raises:
        ConfigError: The engine has not begun there.
    """
    lines = [*read_metrics(folder.metrics)]
    started = next((line for line in reversed(lines) if isinstance(line, Started)), None)
    if started is None:
        raise ConfigError(f"{str(folder.path)!r} holds no training that has begun")
    steps = [line for line in lines if isinstance(line, Step)]
    held_out = [line for line in lines if isinstance(line, Evaluation)]
    best = min(held_out, key=lambda line: line.loss, default=None)
    ended = next((line for line in reversed(lines) if isinstance(line, Ended)), None)
    speed = median(line.tokens / line.seconds for line in steps if line.seconds) if steps else None
    on_gpu = started.device != "cpu"
    planned_mb = None if plan is None else plan.gpu_mb if on_gpu else plan.process_mb
    return Figures(
        is_done=ended is not None and folder.model.is_dir(),
        step=steps[-1].step if steps else started.step,
        steps=started.steps,
        epoch=steps[-1].epoch if steps else 0.0,
        first_loss=steps[0].loss if steps else None,
        loss=steps[-1].loss if steps else None,
        first_held_out=held_out[0].loss if held_out else None,
        held_out=held_out[-1].loss if held_out else None,
        best_held_out=best.loss if best else None,
        best_step=best.step if best else None,
        seconds=sum(line.seconds for line in steps),
        tokens=sum(line.tokens for line in steps),
        tokens_per_s=speed,
        peak_memory_mb=max((line.peak_memory_mb for line in steps), default=None),
        planned_memory_mb=planned_mb,
        mfu=_mfu(started, speed, plan),
        processes=started.processes,
        device=started.device,
        precision=started.precision,
        parallel=started.parallel,
        parameters=started.parameters,
        trained_parameters=started.trained_parameters,
        rows=started.rows,
        rows_left_out=len(left_out(folder)),
        unpacked_tokens=started.unpacked_tokens,
        packed_tokens=started.tokens,
        checkpoints=_checkpoints(lines, folder),
        ended_early=ended is not None and ended.early,
    )


def left_out(folder: RunFolder) -> list[str]:
    """Give the lines that say which rows the engine could not take."""
    path = folder.rows("train").with_name("left_out.jsonl")
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _mfu(started: Started, tokens_per_s: float | None, plan: TrainingPlan | None) -> float | None:
    if tokens_per_s is None or plan is None or started.device == "cpu":
        return None
    try:
        rate = gpu_flops(find_gpu(started.device).name)
    except ConfigError:
        return None
    return None if rate is None else tokens_per_s * plan.flops_per_token / (rate * started.processes)


def _checkpoints(lines: list[Line], folder: RunFolder) -> tuple[str, ...]:
    there = {path.name for path in folder.checkpoints.glob("step-*")}
    saved = dict.fromkeys(f"step-{line.step:06d}" for line in lines if isinstance(line, Saved))
    return tuple(name for name in saved if name in there)
