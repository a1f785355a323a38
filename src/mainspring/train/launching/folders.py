"""The folder of a run, made for a job or found again.

What it keeps true: a folder with checkpoints holds one job. What changes what comes of it is compared, base and
rows by their digests; what does not (how many processes, how often is saved) may be another the next time.
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from mainspring.core.disk import write_whole
from mainspring.core.errors import ConfigError
from mainspring.gpu import read_shape
from mainspring.train.bases import resolve_base
from mainspring.train.folder import Base, Row, RunFolder, Split
from mainspring.train.job import Job, Value
from mainspring.train.planning import TrainingPlan, measure_hardware, plan_rows
from mainspring.train.planning.hardware import USUAL_CORE_FLOPS
from mainspring.train.rows import Prepared, prepare_rows, write_rows

T = TypeVar("T", bound=Value)

_MAY_DIFFER: Final = frozenset(
    {
        "activation_checkpointing",
        "base",
        "data",
        "keep",
        "out",
        "parallel",
        "processes",
        "rehearsal",
        "save_every",
        "trackers",
    }
)
"""Changes nothing of what comes of a job, or is compared by its digest."""

_SPLITS: Final[tuple[Split, ...]] = ("train", "validation")


def prepare(job: Job, on_remark: Callable[[str], None] | None = None) -> RunFolder:
    """Make the folder of a job, or see that the one that is there is of the same job.

    Args:
        job: As the user gave it.
        on_remark: Told what a person should know, a line at a time.

    Raises:
        ConfigError: The base or the data cannot be used, or the folder holds steps of another job.
    """
    tell = on_remark or (lambda _: None)
    folder = RunFolder(job.out)
    prepared = prepare_rows(job)
    for remark in prepared.remarks:
        tell(remark)
    base = resolve_base(job.base, progress=tell)
    settled = job.model_copy(update={"base": str(base.folder.absolute())})
    if folder.latest_checkpoint() is not None:
        _check_same(folder, settled, base, prepared)
    try:
        write_rows(prepared, folder)
        write_whole(folder.base, [base.model_dump_json(indent=2).encode()])
        write_whole(folder.job, [settled.model_dump_json(indent=2).encode()])
    except OSError as error:
        raise ConfigError(f"{str(folder.path)!r} cannot be written: {error.strerror or error}") from error
    return folder


def read_job(folder: RunFolder) -> Job:
    """Read the job of a folder.

    Raises:
        ConfigError: There is none, or it is none of this version's.
    """
    return _read(folder.job, Job)


def read_base(folder: RunFolder) -> Base:
    """Read what the base of a folder's job is.

    Raises:
        ConfigError: There is none, or it is none of this version's.
    """
    return _read(folder.base, Base)


def plan_folder(folder: RunFolder) -> TrainingPlan:
    """Plan what stands in a folder, as it is run; of how long it takes nothing is measured.

    Raises:
        ConfigError: It is no folder of a run, or its base is gone.
    """
    job, base = read_job(folder), read_base(folder)
    rows = [Row.model_validate_json(line) for line in folder.rows("train").read_bytes().splitlines()]
    hardware = measure_hardware(core_flops=USUAL_CORE_FLOPS)
    return plan_rows(job, hardware, shape=read_shape(base.folder), rows=rows, folder=base.folder)


def _read(path: Path, form: type[T]) -> T:
    try:
        return form.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{str(path.parent)!r} is no folder of a training run: {path.name} is not there"
        ) from error
    except ValidationError as error:
        raise ConfigError(f"{str(path)!r} is not what it should be: {error.errors()[0]['msg']}") from error


def _check_same(folder: RunFolder, job: Job, base: Base, prepared: Prepared) -> None:
    differing = [*_differences(read_job(folder), job)]
    if read_base(folder).sha256 != base.sha256:
        differing.append(f"the base was {read_base(folder).given!r} and is {base.given!r}")
    if any(_digest_there(folder, split) != _digest(prepared, split) for split in _SPLITS):
        differing.append("the rows are others")
    if differing:
        raise ConfigError(
            f"{str(folder.path)!r} holds steps of another job: {'; '.join(differing)}; "
            "give the job that it began with, or another folder"
        )


def _differences(before: Job, given: Job) -> Iterator[str]:
    for name in Job.model_fields:
        was, is_given = getattr(before, name), getattr(given, name)
        if name not in _MAY_DIFFER and was != is_given:
            yield f"{name} was {_shown(was)} and is {_shown(is_given)}"


def _shown(value: object) -> str:
    return repr(value.model_dump(mode="json")) if hasattr(value, "model_dump") else repr(value)


def _digest_there(folder: RunFolder, split: Split) -> str:
    path = folder.rows(split)
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


def _digest(prepared: Prepared, split: Split) -> str:
    rows = prepared.train if split == "train" else prepared.validation
    return hashlib.sha256(b"".join(row.model_dump_json().encode() + b"\n" for row in rows)).hexdigest()
