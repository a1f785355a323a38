"""The rows of a run, read, put into tokens, and packed; what is left out is written down."""

import hashlib
import sys
from dataclasses import dataclass

from pydantic import ValidationError

from mainspring.core.disk import write_whole
from mainspring.train.engine.conversations import Conversation, LeftOut, Renderer
from mainspring.train.engine.failures import EngineError
from mainspring.train.engine.models import Base
from mainspring.train.engine.packing import PackedRow, pack
from mainspring.train.folder import Row, RunFolder, Split
from mainspring.train.job import Job


@dataclass(frozen=True, slots=True)
class Data:
    """What is learnt from, and what it is held against."""

    train: list[PackedRow]
    validation: list[PackedRow]
    left_out: list[LeftOut]
    n_rows: int
    """Rows that are learnt from."""


def read_data(folder: RunFolder, job: Job, base: Base) -> Data:
    """Read the rows of a run.

    Raises:
        EngineError: There are none, they are broken, or none can be learnt from.
    """
    longest_tokens = min(job.sequence_tokens, base.window_tokens or job.sequence_tokens)
    renderer = Renderer(base.tokenizer, longest_tokens=longest_tokens)
    train, left_out = _conversations(folder, "train", renderer)
    if not train:
        raise EngineError("rows", _all_left_out(left_out))
    validation, left_out_too = _conversations(folder, "validation", renderer)
    return Data(
        train=_packed(train, job),
        validation=_packed(validation, job),
        left_out=left_out + left_out_too,
        n_rows=len(train),
    )


def tell_left_out(folder: RunFolder, data: Data) -> None:
    """Write which rows are left out and why, and say how many."""
    path = folder.rows("train").with_name("left_out.jsonl")
    if not data.left_out:
        path.unlink(missing_ok=True)
        return
    write_whole(path, (one.model_dump_json().encode() + b"\n" for one in data.left_out))
    sys.stderr.write(f"{len(data.left_out)} rows are left out; {path} says which and why\n")


def rows_digest(folder: RunFolder) -> str:
    """Give the SHA-256 of all rows."""
    digest = hashlib.sha256()
    for split in _SPLITS:
        path = folder.rows(split)
        digest.update(hashlib.sha256(path.read_bytes() if path.exists() else b"").digest())
    return digest.hexdigest()


_SPLITS: tuple[Split, ...] = ("train", "validation")


def _conversations(folder: RunFolder, split: Split, renderer: Renderer) -> tuple[list[Conversation], list[LeftOut]]:
    path = folder.rows(split)
    lines = path.read_bytes().splitlines() if path.exists() else []
    rendered: list[Conversation | LeftOut] = []
    for number, line in enumerate(lines, 1):
        try:
            row = Row.model_validate_json(line)
        except ValidationError as error:
            raise EngineError(
                "rows", f"{path}:{number} is no row: {error.errors()[0]['msg']}; prepare the rows again"
            ) from error
        rendered.append(renderer.conversation(row))
    return (
        [one for one in rendered if isinstance(one, Conversation)],
        [one for one in rendered if isinstance(one, LeftOut)],
    )


def _packed(conversations: list[Conversation], job: Job) -> list[PackedRow]:
    return pack(conversations, job.packing, row_tokens=job.sequence_tokens, seed=job.seed)


def _all_left_out(left_out: list[LeftOut]) -> str:
    if not left_out:
        return "there are no rows to learn from; see that the dataset has a train split"
    return f"none of {len(left_out)} rows can be learnt from; of {left_out[0].id} that is so: {left_out[0].says}"
