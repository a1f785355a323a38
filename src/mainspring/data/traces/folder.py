"""Traces as the folder of a dataset: each run counts as a document, and its conversation as the example made of it.

What it keeps true: memory does not grow with runs; runs that were asked the same are on one side, and children on
that of whoever began them, so that nothing that is trained on comes back in validation; a folder that was made of
documents is left alone.
"""

import hashlib
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic_core import to_json

from mainspring.core.disk import write_whole
from mainspring.core.errors import ConfigError
from mainspring.data.example import Candidate
from mainspring.data.traces.counts import REASONS, Counts
from mainspring.data.writing import (
    CandidateWriter,
    Dataset,
    DocumentRow,
    read_candidates,
    read_documents,
    write_dataset,
    write_lines,
)
from mainspring.data.writing.folder import CANDIDATES, CARD, DOCUMENTS, REPORT

SHARE: Final = 0.1
"""About which part of the runs is kept for validation."""
_KIND: Final = "run"
_TITLE_CHARS: Final = 80


async def write_traces(
    folder: Path,
    found: AsyncIterator[Candidate],
    counts: Counts,
    *,
    format: Literal["tools", "openai"] = "tools",  # noqa: A002 - the word users look for
    share: float = SHARE,
) -> Dataset:
    """Write runs as a dataset, in the place of the one that was made of runs before; decisions on it are kept.

    Args:
        folder: Where to; made where it is missing.
        found: What `traces` gives.
        counts: What `traces` was told to count with.
        format: Conversations with their tools, or those without tool calls as messages alone.
        share: About which part of the runs is kept for validation.

    Raises:
        ConfigError: The folder is another's, or no run was taken; it is as it was then.
    """
    _check_own(folder)
    if (first := await anext(found, None)) is None:
        reasons = [f"{n}: {REASONS[reason]}" for reason, n in counts.left_out.most_common()]
        raise ConfigError(f"none of {counts.n_looked_at} runs was taken; {'; '.join(reasons) or 'there are none'}")
    with CandidateWriter(folder) as writer:
        writer.add(first)
        async for candidate in found:
            writer.add(candidate)
    bound = _bound(folder, share)
    rows = (
        _document(candidate, is_validation=rank < bound) for candidate, rank in _ranked(read_candidates(folder))
    )
    write_lines(folder / DOCUMENTS, rows)
    write_whole(folder / REPORT, [to_json(_report(folder, counts), indent=2) + b"\n"])
    return write_dataset(folder, format=format)


def _check_own(folder: Path) -> None:
    """Refuse a folder that holds what was made of documents, or a README of something else."""
    known = read_documents(folder).values() if (folder / DOCUMENTS).exists() else ()
    if any(row.kind != _KIND for row in known):
        raise ConfigError(f"{str(folder)!r} holds a dataset that was made of documents; write to another folder")
    if (folder / CARD).exists() and not (folder / CANDIDATES).exists():
        raise ConfigError(f"{str(folder)!r} has a {CARD} and is no dataset; write to another folder")


@dataclass(slots=True)
class _Root:
    """A run that nobody began, and how those are ranked that were asked the same."""

    run: str = ""
    rank: float = 0.0


def _ranked(candidates: Iterator[Candidate]) -> Iterator[tuple[Candidate, float]]:
    """Give each candidate with its rank from 0 to 1, which follows from the words that its root was asked."""
    root = _Root()
    for candidate in candidates:
        example = candidate.example
        if not (root.run and example.document.startswith(f"{root.run}.")):
            words = " ".join(example.question.casefold().split())
            digest = hashlib.sha256(words.encode(errors="surrogatepass")).digest()
            root = _Root(example.document, int.from_bytes(digest[:6]) / 2**48)
        yield candidate, root.rank


def _bound(folder: Path, share: float) -> float:
    """Give the rank below which runs are kept for validation; with two ranks or more, neither side is empty."""
    least, most = 1.0, 0.0
    for _, rank in _ranked(read_candidates(folder)):
        least, most = min(least, rank), max(most, rank)
    if least >= most:
        return 0.0
    return min(max(share, math.nextafter(least, 1.0)), most) if share else 0.0


def _document(candidate: Candidate, *, is_validation: bool) -> DocumentRow:
    (agent, *_) = candidate.provenance.prompts
    run, question = candidate.provenance.run, candidate.example.question
    return DocumentRow(
        id=run,
        name=f"{agent}/{run}",
        kind=_KIND,
        digest=hashlib.sha256(to_json(candidate.messages)).hexdigest(),
        title=" ".join(question.split())[:_TITLE_CHARS],
        n_chars=sum(len(str(message.get("content") or "")) for message in candidate.messages),
        n_passages=1,
        covered=float(candidate.is_accepted),
        split="validation" if is_validation else "train",
    )


def _report(folder: Path, counts: Counts) -> dict[str, object]:
    """Say what the dataset was made of; of an agent that worked by several prompts, the newest run's."""
    prompts: dict[str, str] = {}
    models: dict[str, str] = {}
    for candidate in read_candidates(folder):
        prompts = {**candidate.provenance.prompts, **prompts}
        models = {**candidate.provenance.models, **models}
    return {
        "prompts": prompts,
        "models": models,
        "acceptance": {"accepted": counts.n_taken - counts.n_marked, "candidates": counts.n_taken},
        "runs": counts.document,
    }
