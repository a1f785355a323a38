"""Where an exported model comes from, from the documents to its files: `lineage.json`, of which the card is the
words.

What it keeps true: it has no time and no place of this machine in it, so that the same model has the same lineage.
"""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Final

from mainspring.models.files.store import hash_of
from mainspring.train.export.sources import Dataset, read_dataset
from mainspring.train.export.trained import Trained
from mainspring.train.folder import Row, RunFolder, Split
from mainspring.train.job import Job, Value
from mainspring.train.metrics import Ended, Evaluation, Started, Step, read_metrics

LINEAGE: Final = "lineage.json"
_REHEARSAL: Final = "rehearsal/"
"""What the ids of rows of other kinds begin with."""
_ABOUT: Final = {"processes", "device", "precision", "trained_parameters", "parameters"}
_SPLITS: Final[tuple[Split, ...]] = ("train", "validation")


class File(Value):
    """A file of an export."""

    name: str
    sha256: str
    size_bytes: int


class Made(Value):
    """What the model was made of."""

    given: str
    """The name of it, without its folder."""
    sha256: str
    licence: str
    is_gguf: bool


class Rows(Value):
    """What was learnt from."""

    split: Split
    n_rows: int
    n_rehearsal: int
    """Those of other kinds, against forgetting."""
    sha256: str
    """Of the file of rows, in the words that the model has seen."""


class Figures(Value):
    """How training went."""

    steps: int = 0
    tokens: int = 0
    """Packed tokens of all steps."""
    seconds: float = 0.0
    processes: int = 0
    device: str = ""
    precision: str = ""
    trained_parameters: int = 0
    parameters: int = 0
    first_loss: float | None = None
    last_loss: float | None = None
    validation_loss: float | None = None
    """Of the weights that count."""
    best_step: int | None = None


class Lineage(Value):
    """Where an exported model comes from."""

    VERSION: int = 1

    name: str
    """Of the run's folder."""
    form: str
    quantization: str | None
    files: tuple[File, ...]
    base: Made
    job: Job
    """Its places are names alone."""
    job_sha256: str
    rows: tuple[Rows, ...]
    figures: Figures
    dataset: Dataset


def lineage_of(trained: Trained, *, form: str, quantization: str | None, files: tuple[File, ...]) -> Lineage:
    """Put together where a model comes from; what is not there any more is left out."""
    run, base = trained.run, trained.base
    job = _placeless(trained.job, base.given)
    return Lineage(
        name=run.path.resolve().name,
        form=form,
        quantization=quantization,
        files=files,
        base=Made(given=_name(base.given), sha256=base.sha256, licence=base.licence, is_gguf=base.gguf is not None),
        job=job,
        job_sha256=hashlib.sha256(job.model_dump_json().encode()).hexdigest(),
        rows=tuple(_rows(run, split) for split in _SPLITS if run.rows(split).is_file()),
        figures=_figures(run),
        dataset=read_dataset(trained.job.data),
    )


def _placeless(job: Job, base: str) -> Job:
    """Give a job with names in place of paths."""
    named: dict[str, object] = {"base": _name(base)}
    for field in ("data", "out", "rehearsal"):
        path = getattr(job, field)
        named[field] = Path(path.name) if path else None
    return job.model_copy(update=named)


def _name(given: str) -> str:
    """Give the last part of a path, and a name of a hub or a catalog as it is."""
    is_path = given.startswith((".", "/", "~")) or given.endswith(".gguf") or Path(given).exists()
    return Path(given).name if is_path else given


def _rows(run: RunFolder, split: Split) -> Rows:
    path = run.rows(split)
    with path.open("rb") as file:
        kinds = Counter(Row.model_validate_json(line).id.startswith(_REHEARSAL) for line in file if line.strip())
    return Rows(split=split, n_rows=kinds.total(), n_rehearsal=kinds[True], sha256=hash_of(path).hexdigest())


def _figures(run: RunFolder) -> Figures:
    """Fold the metrics of a run."""
    lines = [*read_metrics(run.metrics)]
    steps = [line for line in lines if isinstance(line, Step)]
    started = next((line for line in reversed(lines) if isinstance(line, Started)), None)
    ended = next((line for line in reversed(lines) if isinstance(line, Ended)), None)
    held_out = [line for line in lines if isinstance(line, Evaluation)]
    best = ended.best_step if ended else None
    counted = next((line for line in held_out if line.step == best), held_out[-1] if held_out else None)
    about = started.model_dump(include=_ABOUT) if started else {}
    return Figures(
        steps=steps[-1].step if steps else 0,
        tokens=sum(step.tokens for step in steps),
        seconds=round(sum(step.seconds for step in steps), 1),
        first_loss=steps[0].loss if steps else None,
        last_loss=steps[-1].loss if steps else None,
        validation_loss=counted.loss if counted else None,
        best_step=best,
        **about,
    )
