"""Where figures of a run are shown besides its folder: TensorBoard, MLflow, Weights & Biases.

They are fed by the process that started the engine, from the lines that it tells; each library is imported when it
is used, and none of them needs torch here.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, Protocol

from mainspring.core.errors import ConfigError
from mainspring.train.job import Job
from mainspring.train.job import Tracker as TrackerName
from mainspring.train.metrics import Evaluation, Line, Step

_PROJECT: Final = "mainspring"


class Tracker(Protocol):
    """Something that figures are told to."""

    def take(self, line: Line) -> None:
        """Tell what happened."""
        ...

    def close(self) -> None:
        """Say that nothing more comes."""
        ...


class TensorBoard:
    """Writes event files into `tensorboard/` of the run's folder.

    Args:
        job: The run's.
    """

    def __init__(self, job: Job) -> None:
        writing = _library("tensorboard", "tensorboard.summary.writer.event_file_writer", "tensorboard")
        self._protos = import_module("tensorboard.compat.proto.event_pb2")
        self._summaries = import_module("tensorboard.compat.proto.summary_pb2")
        self._writer = writing.EventFileWriter(str(job.out / "tensorboard"))

    def take(self, line: Line) -> None:
        """Write an event, if the line has figures."""
        if not (told := figures(line)):
            return
        values = [self._summaries.Summary.Value(tag=name, simple_value=value) for name, value in told.items()]
        summary = self._summaries.Summary(value=values)
        self._writer.add_event(self._protos.Event(wall_time=line.at, step=line.step, summary=summary))

    def close(self) -> None:
        """See that all events are written."""
        self._writer.close()


class MLflow:
    """Logs to MLflow's server, or to the folder that its own environment variables name.

    Args:
        job: The run's.
    """

    def __init__(self, job: Job) -> None:
        self._mlflow = _library("mlflow", "mlflow", "mlflow")
        self._run = self._mlflow.start_run(run_name=job.out.name)
        self._mlflow.log_params(settings(job))

    def take(self, line: Line) -> None:
        """Log the line's figures."""
        if told := figures(line):
            self._mlflow.log_metrics(told, step=line.step)

    def close(self) -> None:
        """End the run there."""
        self._mlflow.end_run()


class WandB:
    """Logs to Weights & Biases, as its own environment variables say where.

    Args:
        job: The run's.
    """

    def __init__(self, job: Job) -> None:
        wandb = _library("wandb", "wandb", "wandb")
        job.out.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(project=_PROJECT, name=job.out.name, dir=str(job.out), config=settings(job))

    def take(self, line: Line) -> None:
        """Log the line's figures."""
        if told := figures(line):
            self._run.log(dict(told), step=line.step)

    def close(self) -> None:
        """End the run there."""
        self._run.finish()


_TRACKERS: Final[Mapping[TrackerName, type[TensorBoard | MLflow | WandB]]] = {
    "tensorboard": TensorBoard,
    "mlflow": MLflow,
    "wandb": WandB,
}


class Trackers:
    """What a job wants to be told, whose failures are not training's: one that fails is told nothing more.

    Args:
        job: The run's.
        on_remark: Told of a tracker that failed.

    Raises:
        ConfigError: A library is not installed, or cannot begin.
    """

    def __init__(self, job: Job, on_remark: Callable[[str], None]) -> None:
        self._on_remark = on_remark
        self._open: dict[TrackerName, Tracker] = {}
        for name in job.trackers:
            self._open[name] = _opened(name, job)

    def take(self, line: Line) -> None:
        """Tell all what happened."""
        self._each(lambda tracker: tracker.take(line))

    def close(self) -> None:
        """Say that nothing more comes."""
        self._each(lambda tracker: tracker.close())

    def _each(self, tell: Callable[[Tracker], None]) -> None:
        for name, tracker in [*self._open.items()]:
            try:
                tell(tracker)
            except Exception as error:  # noqa: BLE001 - whatever a tracker raises, training goes on
                del self._open[name]
                self._on_remark(
                    f"the tracker {name!r} failed and is told nothing more; metrics.jsonl has all: {_first(error)}"
                )


def _opened(name: TrackerName, job: Job) -> Tracker:
    try:
        return _TRACKERS[name](job)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"the tracker {name!r} cannot begin: {_first(error)}; mend that, or leave it out of `trackers`"
        ) from error


def _first(error: Exception) -> str:
    """Give the first line of what an error says."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def figures(line: Line) -> dict[str, float]:
    """Give what is worth drawing of a line; nothing of most kinds."""
    match line:
        case Step():
            return {
                "train/loss": line.loss,
                "train/learning_rate": line.learning_rate,
                "train/gradient_norm": line.gradient_norm,
                "train/tokens_per_s": line.tokens / line.seconds if line.seconds else 0.0,
                "train/peak_memory_mb": line.peak_memory_mb,
                "train/epoch": line.epoch,
            }
        case Evaluation():
            return {"validation/loss": line.loss}
        case _:
            return {}


def settings(job: Job) -> dict[str, str]:
    """Give a job's settings in one level, `optimization.warmup_share` and the like."""
    found: dict[str, str] = {}
    for name, value in job.model_dump(mode="json").items():
        inner = value if isinstance(value, dict) else {"": value}
        found |= {f"{name}.{key}".rstrip("."): str(one) for key, one in inner.items()}
    return found


def _library(tracker: TrackerName, module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the tracker {tracker!r} needs {package}, which is not installed: pip install {package}, or leave it "
            "out of `trackers`"
        ) from error
