"""How many tokens a job's rows have, and how many packed rows they make.

They are counted with the base's own tokenizer where that and the library for it are there, and guessed from
characters elsewhere; a turn's frame in the chat template is taken as that of ChatML. So a plan is near, and the
engine is exact.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from mainspring.train.folder import Row
from mainspring.train.job import Job

_FRAME_TOKENS: Final = 5
"""Around a turn: `<|im_start|>`, the role, a new line, `<|im_end|>`, a new line."""
_CHARS_PER_TOKEN: Final = 3.6
_SHARED_AT_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class _Counted:
    """One conversation."""

    begins: str
    """What it begins with, which others may begin with too."""
    beginning_tokens: int
    own_tokens: int
    learnt_tokens: int


@dataclass(frozen=True, slots=True)
class Load:
    """What an epoch is."""

    rows: int
    """Conversations that are learnt from."""
    too_long: int
    """Conversations that do not fit into a row, and are left out."""
    packed_rows: int
    tokens: int
    """As they are packed."""
    learnt_tokens: int
    unpacked_tokens: int
    longest_tokens: int
    """Of the longest packed row."""
    most_learnt_tokens: int
    """In one packed row."""
    is_counted: bool
    """Whether a tokenizer counted, rather than characters."""

    def steps(self, job: Job) -> int:
        """Give the optimizer steps of a job, as the engine's schedule has them."""
        if not self.packed_rows:
            return 0
        stream_rows = max(1, round(job.epochs * self.packed_rows))
        steps = math.ceil(stream_rows / self.rows_per_step(job))
        return min(steps, job.max_steps or steps)

    def rows_per_step(self, job: Job) -> int:
        """Give the packed rows of one step, over all processes."""
        return max(1, round(job.batch_tokens * self.packed_rows / max(1, self.tokens)))


def count_load(rows: Sequence[Row], job: Job, base: Path | None) -> Load:
    """Count what an epoch of rows is.

    Args:
        rows: What is learnt from.
        job: How it is packed.
        base: The folder with `tokenizer.json`, where there is one.
    """
    counter = _tokenizer(base)
    count = counter or (lambda text: math.ceil(len(text) / _CHARS_PER_TOKEN))
    counted = [_counted(row, count) for row in rows]
    fitting = [one for one in counted if one.beginning_tokens + one.own_tokens <= job.sequence_tokens]
    packed = [*_packed(fitting, job)]
    return Load(
        rows=len(fitting),
        too_long=len(counted) - len(fitting),
        packed_rows=len(packed),
        tokens=sum(tokens for tokens, _ in packed),
        learnt_tokens=sum(one.learnt_tokens for one in fitting),
        unpacked_tokens=sum(one.beginning_tokens + one.own_tokens for one in fitting),
        longest_tokens=max((tokens for tokens, _ in packed), default=0),
        most_learnt_tokens=max((learnt for _, learnt in packed), default=0),
        is_counted=counter is not None,
    )


def _packed(counted: Sequence[_Counted], job: Job) -> Iterable[tuple[int, int]]:
    """Give the tokens, and the learnt tokens, of each packed row."""
    if job.packing == "none":
        return [(one.beginning_tokens + one.own_tokens, one.learnt_tokens) for one in counted]
    often = Counter(one.begins for one in counted if job.packing == "shared")
    rows: list[tuple[int, int]] = []
    begins, used, learnt = "", 0, 0
    for one in sorted(counted, key=lambda one: one.begins):
        is_shared = bool(one.begins) and often[one.begins] >= _SHARED_AT_LEAST
        added = one.own_tokens + (0 if is_shared and one.begins == begins and used else one.beginning_tokens)
        if used and used + added > job.sequence_tokens:
            rows.append((used, learnt))
            used, learnt, added = 0, 0, one.beginning_tokens + one.own_tokens
        begins, used, learnt = one.begins, used + added, learnt + one.learnt_tokens
    return [*rows, (used, learnt)] if used else rows


def _counted(row: Row, count: Callable[[str], int]) -> _Counted:
    first, *rest = row.messages
    is_shareable = bool(rest) and not first.learn
    tools = to_json(row.shown).decode() if row.tools else ""
    words = [turn.content + (to_json(turn.calls).decode() if turn.calls else "") for turn in row.messages]
    words[0] = tools + words[0]
    tokens = [count(text) + _FRAME_TOKENS for text in words]
    return _Counted(
        begins=words[0] if is_shareable else "",
        beginning_tokens=tokens[0] if is_shareable else 0,
        own_tokens=sum(tokens[1:] if is_shareable else tokens),
        learnt_tokens=sum(n - 3 for n, turn in zip(tokens, row.messages, strict=True) if turn.learn),
    )


def _tokenizer(base: Path | None) -> Callable[[str], int] | None:
    path = base / "tokenizer.json" if base is not None else None
    if path is None or not path.is_file():
        return None
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return None
    tokenizer = Tokenizer.from_file(str(path))
    known: dict[str, int] = {}

    def count(text: str) -> int:
        if text not in known:  # many rows begin with the same words
            known[text] = len(tokenizer.encode(text, add_special_tokens=False).ids)
        return known[text]

    return count
