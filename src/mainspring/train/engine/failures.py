"""Why the engine stops before its end, in words for the user.

What is known is told apart by what was raised, however deep it is wrapped; the rest is `other`, with its own words.
The first process that fails says why for all: those that lose it as a neighbour fail a moment later, and know less.
"""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import torch
from torch.distributed.checkpoint import CheckpointException

from mainspring.core.errors import TrainingError
from mainspring.train.folder import Failure, FailureKind, RunFolder

_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MEMORY_WORDS: Final = ("can't allocate memory", "out of memory", "cannot allocate memory")
_DISK_WORDS: Final = ("file write failed", "no space left", "pytorchstreamwriter failed", "file too large")
_NEIGHBOUR_WORDS: Final = ("connection closed by peer", "connection reset by peer", "gloo", "nccl", "tcpstore")

_ADVICE: Final[dict[FailureKind, str]] = {
    "memory": "there is not enough memory: lower `sequence_tokens` (one row is computed at a time, whatever "
    "`batch_tokens` is), turn on `activation_checkpointing`, spread the weights over processes with "
    '`parallel = "fsdp"`, or learn less: `method = "lora"` instead of all weights, on GPUs "qlora"',
    "disk": "the disk is full, or a file may not be that large; what was saved before is whole. Make room, or "
    "lower `keep`, and start again",
    "rank": "another process of the run is gone; what it said before that stands on stderr, if it could say "
    "anything. The same command goes on from the last checkpoint",
}


class EngineError(TrainingError):
    """The engine stops for a reason that the user can do something about.

    Args:
        kind: Of what.
        says: What happened and what to do.
        step: At which step, if it was at one.
    """

    def __init__(self, kind: FailureKind, says: str, *, step: int = 0) -> None:
        super().__init__(says)
        self.kind: FailureKind = kind
        self.says = says
        self.step = step


def failure_of(error: BaseException, *, rank: int, step: int) -> Failure:
    """Say what an error means that came up in a process after so many steps."""
    for one in _causes(error):
        if isinstance(one, EngineError):
            return Failure(kind=one.kind, says=one.says, rank=rank, step=one.step or step)
    for one in _causes(error):
        if kind := _kind(one):
            return Failure(kind=kind, says=f"{_ADVICE[kind]} ({_first_line(one)})", rank=rank, step=step)
    return Failure(kind="other", says=_first_line(error), rank=rank, step=step)


def write_failure(folder: RunFolder, failure: Failure) -> bool:
    """Write why the engine stopped, if no other process has, and say whether it was written."""
    draft = folder.failure.with_name(f"{folder.failure.name}.{socket.gethostname()}.{os.getpid()}")
    try:
        draft.write_text(failure.model_dump_json(indent=2) + "\n", encoding="utf-8")
        os.link(draft, folder.failure)
    except OSError:
        return False  # written by another process, or the disk takes nothing: the caller has said it on stderr
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return True


def clear_failure(folder: RunFolder) -> None:
    """Forget why an earlier start stopped."""
    Path(folder.failure).unlink(missing_ok=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it came of; of a checkpoint, what each process met."""
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, CheckpointException):
            left += [wrapped[0] for wrapped in one.failures.values()]
        left += [cause for cause in (one.__cause__, one.__context__) if cause is not None]


def _kind(error: BaseException) -> FailureKind | None:
    words = str(error).lower()
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return "disk"
    if not isinstance(error, RuntimeError):
        return None
    if any(one in words for one in _MEMORY_WORDS):
        return "memory"
    if any(one in words for one in _DISK_WORDS):
        return "disk"
    if any(one in words for one in _NEIGHBOUR_WORDS):
        return "rank"
    return None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
