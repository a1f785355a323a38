"""All rows of a job, made and written into the folder of its run."""

from collections.abc import Sequence
from dataclasses import dataclass

from mainspring.core.disk import write_whole
from mainspring.core.errors import ConfigError
from mainspring.train.folder import Row, RunFolder, Split
from mainspring.train.job import Job
from mainspring.train.rows.mixing import held_out, rehearsed
from mainspring.train.rows.reading import Broken, read_side
from mainspring.train.rows.wording import Wording


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a job learns from."""

    train: tuple[Row, ...]
    validation: tuple[Row, ...]
    broken: tuple[Broken, ...]
    """Lines that are left out."""
    n_rehearsal: int
    """How many of `train` are there against forgetting."""
    is_divided_here: bool
    """Whether the dataset has no validation split, and rows were held out by their questions."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should know of it, a line each."""
        said = [f"left out {one.place}: {one.says}" for one in self.broken]
        if self.is_divided_here:
            said.append(
                f"the dataset has no validation split: {len(self.validation)} of "
                f"{len(self.train) + len(self.validation) - self.n_rehearsal} rows are held out by their questions"
            )
        if not self.validation:
            said.append("nothing is held out: it cannot be told when the model begins to learn by heart")
        return tuple(said)


def prepare_rows(job: Job) -> Prepared:
    """Read and word all that a job learns from.

    Raises:
        ConfigError: A dataset is missing, or all of its lines are broken.
    """
    wording = Wording(job.mode, thoughts=job.thoughts, learn=job.learn)
    learnt = read_side(job.data, "train", wording)
    kept_back = read_side(job.data, "validation", wording)
    if not learnt.rows:
        raise ConfigError(f"{str(job.data)!r} is empty: there is nothing to learn from")
    train, validation = [*learnt.rows], [*kept_back.rows]
    is_divided = not validation
    if is_divided:
        train, validation = held_out(train)
    rows, broken, others = [one.row for one in train], [*learnt.broken, *kept_back.broken], list[Row]()
    if job.rehearsal is not None:
        side = read_side(job.rehearsal, "train", _rehearsing(job), prefix="rehearsal/")
        others = [one.row for one in side.rows]
        broken += [Broken(f"rehearsal/{one.place}", one.says) for one in side.broken]
    mixed = rehearsed(rows, others, share=job.rehearsal_share, seed=job.seed)
    return Prepared(
        train=tuple(mixed),
        validation=tuple(one.row for one in validation),
        broken=tuple(broken),
        n_rehearsal=len(mixed) - len(rows),
        is_divided_here=is_divided,
    )


def _rehearsing(job: Job) -> Wording:
    """Word other rows so that the model stays what it was: with its thoughts, and all that it replies."""
    return Wording(job.mode, thoughts=True, learn="replies" if job.learn == "calls" else job.learn)


def write_rows(prepared: Prepared, folder: RunFolder) -> None:
    """Write both splits, each whole or not at all."""
    _write(prepared.train, folder, "train")
    _write(prepared.validation, folder, "validation")


def _write(rows: Sequence[Row], folder: RunFolder, split: Split) -> None:
    write_whole(folder.rows(split), (row.model_dump_json().encode() + b"\n" for row in rows))
