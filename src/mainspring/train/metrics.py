"""What the engine tells of a run as it goes: `metrics.jsonl`, one line a happening."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from mainspring.train.job import Value


class Started(Value):
    """The engine begins, or begins again."""

    kind: Literal["started"] = "started"
    at: float
    """Seconds since 1970."""
    step: int
    """Steps that are done already."""
    steps: int
    """Steps in all."""
    processes: int
    device: str
    """`cpu`, or the name of the GPU."""
    precision: Literal["fp32", "bf16"]
    parallel: Literal["none", "ddp", "fsdp"]
    parameters: int
    trained_parameters: int
    rows: int
    tokens: int
    """Tokens of an epoch, as they are packed."""
    learnt_tokens: int
    """Those of them that count in the loss."""
    unpacked_tokens: int
    """What the same conversations would take one by one; more than `tokens` where beginnings are shared."""


class Step(Value):
    """One step of the optimizer."""

    kind: Literal["step"] = "step"
    at: float
    step: int
    """Counted from 1."""
    epoch: float
    loss: float
    """Mean over the tokens that count, before the step, in nats."""
    learning_rate: float
    gradient_norm: float
    """Before clipping."""
    tokens: int
    """Packed tokens of this step, over all processes."""
    seconds: float
    peak_memory_mb: float
    """The most that one process has held so far: of the GPU, or resident."""


class Evaluation(Value):
    """A loss on the held-out split."""

    kind: Literal["evaluation"] = "evaluation"
    at: float
    step: int
    loss: float
    is_best: bool


class Saved(Value):
    """A checkpoint is whole."""

    kind: Literal["saved"] = "saved"
    at: float
    step: int
    seconds: float


class Ended(Value):
    """The engine is done, and `model/` is whole."""

    kind: Literal["ended"] = "ended"
    at: float
    step: int
    early: bool
    """Whether the held-out loss had stopped falling."""
    best_step: int | None = None
    """The step whose weights count, where it is not the last."""


Line = Annotated[Started | Step | Evaluation | Saved | Ended, Field(discriminator="kind")]
_LINES: TypeAdapter[Line] = TypeAdapter(Line)


def read_metrics(path: Path) -> Iterator[Line]:
    """Give what was written so far; a last line that is cut off is left out, as are steps that were done again."""
    lines: list[Line] = []
    try:
        written = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in written:
        try:
            read = _LINES.validate_json(line)
        except ValidationError:
            continue
        if isinstance(read, Started):
            lines = [one for one in lines if isinstance(one, Started) or one.step <= read.step]
        lines.append(read)
    yield from lines
