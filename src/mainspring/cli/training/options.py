"""The options that say a training job, and the job that they make together with a job file.

What is not given is left to the file, and what the file leaves out to the job's own defaults.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, get_args

import typer
from pydantic import JsonValue

from mainspring.core.errors import ConfigError
from mainspring.train import Job
from mainspring.train.job import Method, Tracker, Trainer
from mainspring.train.job_files import make_job, read_job_file
from mainspring.train.rows import Learn

Data = Annotated[
    Path | None,
    typer.Argument(metavar="DATA", help="A dataset's folder, or a JSONL file.", show_default=False),
]
JobFile = Annotated[Path | None, typer.Option("--job", metavar="FILE", help="A job in TOML; options go over it.")]
BaseName = Annotated[
    str | None,
    typer.Option(
        "--base", metavar="BASE", help="A Hugging Face folder or name, a GGUF, or a model of the catalog."
    ),
]
MethodName = Annotated[
    str | None, typer.Option("--method", metavar="METHOD", help=f"{', '.join(get_args(Method))}.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help="Where the run is kept.")]
Processes = Annotated[int | None, typer.Option("--nproc", metavar="N", help="Processes on this machine.")]
Epochs = Annotated[float | None, typer.Option("--epochs", metavar="N", help="How often all rows are gone through.")]
MaxSteps = Annotated[int | None, typer.Option("--max-steps", metavar="N", help="Steps at most.")]
Rate = Annotated[float | None, typer.Option("--lr", metavar="RATE", help="The highest learning rate.")]
Rank = Annotated[int | None, typer.Option("--rank", metavar="N", help="Of the adapter.")]
SequenceTokens = Annotated[
    int | None, typer.Option("--sequence-tokens", metavar="N", help="Tokens of a packed row, at most.")
]
BatchTokens = Annotated[
    int | None, typer.Option("--batch-tokens", metavar="N", help="Tokens of a step, over all processes.")
]
Packing = Annotated[str | None, typer.Option("--packing", metavar="HOW", help="shared, plain or none.")]
Mode = Annotated[
    str | None,
    typer.Option("--mode", metavar="MODE", help="How it will be asked for tool calls: structured, text, native."),
]
Thoughts = Annotated[
    bool | None, typer.Option("--thoughts/--no-thoughts", help="Learn what was thought before calls.")
]
WhatIsLearnt = Annotated[
    str | None, typer.Option("--learn", metavar="WHAT", help=f"What counts: {', '.join(get_args(Learn))}.")
]
Rehearsal = Annotated[
    Path | None, typer.Option("--rehearsal", metavar="DATA", help="Rows of other kinds, against forgetting.")
]
RehearsalShare = Annotated[
    float | None, typer.Option("--rehearsal-share", metavar="SHARE", help="Of all rows, those of --rehearsal.")
]
Patience = Annotated[
    int | None,
    typer.Option("--patience", metavar="N", help="End after so many evaluations without a better held-out loss."),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Of all that is left to chance.")]
TrainerName = Annotated[
    str | None, typer.Option("--trainer", metavar="NAME", help=f"{' or '.join(get_args(Trainer))}.")
]
Fsdp = Annotated[bool | None, typer.Option("--fsdp/--ddp", help="Divide the weights over processes, or not.")]
Checkpointing = Annotated[
    bool | None,
    typer.Option(
        "--activation-checkpointing/--no-activation-checkpointing",
        help="Compute activations again instead of keeping them.",
    ),
]
Trackers = Annotated[
    list[str] | None,
    typer.Option("--tracker", metavar="NAME", help=f"{', '.join(get_args(Tracker))}; repeatable."),
]

_INNER: Final = {"rank": ("adapter", "rank"), "learning_rate": ("optimization", "learning_rate")}


def job_of(file: Path | None, given: Mapping[str, object], *, needs_out: bool) -> Job:
    """Make a job of a file and of what was given over it.

    Args:
        file: The job file, if there is one.
        given: Names of the job's fields, and of those within `adapter` and `optimization`; None is not given.
        needs_out: Whether a folder to write to has to be named.

    Raises:
        ConfigError: Something is missing or wrong.
    """
    values: dict[str, object] = dict(read_job_file(file)) if file is not None else {}
    for name, value in given.items():
        if value is None:
            continue
        if name in _INNER:
            outer, inner = _INNER[name]
            values[outer] = {**_table(values.get(outer)), inner: value}
        else:
            values[name] = value
    for name, option in (("data", "DATA"), ("base", "--base"), ("out", "--out")):
        if name not in values and (needs_out or name != "out"):
            raise ConfigError(f"{option} is missing; give it, or {name!r} in a job file")
    return make_job({"out": Path("out"), **values})


def parallel_of(fsdp: bool | None) -> str | None:
    """Say in the job's words whether weights are divided; None leaves it open."""
    return None if fsdp is None else "fsdp" if fsdp else "ddp"


def _table(value: object) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}
