"""A dataset written: shards of rows, where each row comes from, and the card, all derived from the candidates.

    candidates.jsonl + decisions.jsonl + documents.jsonl + report.json
        --> train-00000.jsonl ..., validation-00000.jsonl ..., provenance.jsonl, README.md, dataset.json

What it keeps true: the same files give the same bytes; memory does not grow with rows; what was there before stays
whole until all of the new is on the disk.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic_core import to_json

from mainspring.core.errors import ConfigError
from mainspring.data.writing.candidates import read_candidates
from mainspring.data.writing.card import card
from mainspring.data.writing.chosen import Chosen, choose
from mainspring.data.writing.folder import (
    CARD,
    DATASET,
    DOCUMENTS,
    PROVENANCE,
    SPLITS,
    Dataset,
    Decision,
    DocumentRow,
    ProvenanceRow,
)
from mainspring.data.writing.format import Format, Row
from mainspring.data.writing.formats import format_of
from mainspring.data.writing.formats.preference import can_be_rejected
from mainspring.data.writing.lines import json_line
from mainspring.data.writing.pairing import RefusedAnswers
from mainspring.data.writing.sources import Sources, read_dataset
from mainspring.data.writing.staging import Shards, Stage, staged
from mainspring.data.writing.tally import Tally

SHARD_ROWS: Final = 10_000


def write_dataset(
    folder: Path,
    *,
    format: str | None = None,  # noqa: A002 - it is what everybody calls it
    shard_rows: int | None = None,
    system: str | None = None,
) -> Dataset:
    """Write the rows of a folder, their provenance and the card, in the place of those that are there.

    Args:
        folder: Holds `candidates.jsonl` and `documents.jsonl`.
        format: A name in `FORMATS`; None for the one the dataset has, `openai` where it has none.
        shard_rows: Rows of a full shard; None for what the dataset has, or 10,000.
        system: Instructions that every row begins with, empty for none; None for what the dataset has.

    Raises:
        ConfigError: A file is missing or broken, the format is unknown, or the disk is full.
    """
    form = _form(folder, format, shard_rows, system)
    sources = Sources.read(folder)
    try:
        with staged(folder) as stage:
            tally = _write_rows(stage, folder, form, sources)
            n_rows = {split: tally.n_rows(split) for split in SPLITS}
            written = form.model_copy(update={"n_rows": n_rows, "left_out": dict(sorted(tally.left_out.items()))})
            stage.write(CARD, card(written, tally, sources, shards=_in_order(stage.digests)).encode())
            outputs = {name: stage.digests[name] for name in (*_in_order(stage.digests), PROVENANCE, CARD)}
            written = written.model_copy(update={"inputs": sources.digests, "outputs": outputs})
            stage.write(DATASET, written.model_dump_json(indent=2).encode() + b"\n")
            stage.take_place(last=DATASET)
    except OSError as error:
        raise ConfigError(
            f"the dataset in {str(folder)!r} could not be written: {error.strerror or error}; "
            "mend that, and write it again"
        ) from error
    return written


def _form(folder: Path, wanted: str | None, shard_rows: int | None, system: str | None) -> Dataset:
    """Settle the form: what is asked for, else what the dataset has, else what is usual."""
    known = read_dataset(folder) or Dataset(format="openai", shard_rows=SHARD_ROWS)
    name = known.format if wanted is None else wanted
    words = known.system if system is None and name != "alpaca" else system or ""
    n = known.shard_rows if shard_rows is None else shard_rows
    if n < 1:
        raise ConfigError(f"a shard cannot have {n} rows; give 1 or more")
    return Dataset(format=format_of(name, words).NAME, shard_rows=n, system=words)


def _write_rows(stage: Stage, folder: Path, form: Dataset, sources: Sources) -> Tally:
    writer = format_of(form.format, form.system)
    tally, shards = Tally(), Shards(stage, form.shard_rows)
    provenance = {split: stage.open(f"{split}.part") for split in SPLITS}
    for chosen in _chosen(folder, writer, sources.decisions, tally):
        document = _document(chosen, sources.documents)
        if why := writer.why_not(chosen):
            tally.left_out[why] += 1
            continue
        for row in writer.rows(chosen):
            where = shards.add(document.split, to_json(row.fields) + b"\n")
            provenance[document.split].write(json_line(_provenance(chosen, row, where, document)))
            tally.take(chosen, document.split)
    shards.close()
    stage.join(PROVENANCE, [file.name for file in provenance.values()])
    return tally


def _chosen(folder: Path, writer: Format, decisions: Mapping[str, Decision], tally: Tally) -> Iterator[Chosen]:
    """Give the examples that are to be rows; one that a person decided on comes once, however often it was made."""
    decided: set[str] = set()
    with ExitStack() as stack:
        refused = stack.enter_context(_refused(folder, decisions)) if writer.PAIRS else None
        for candidate in read_candidates(folder):
            name = candidate.example.id
            chosen = None if name in decided else choose(candidate, decisions.get(name))
            tally.see(candidate, chosen)
            if chosen is None:
                continue
            if name in decisions:
                decided.add(name)
            if refused is not None and chosen.question == candidate.example.question:
                chosen = replace(chosen, refused=refused.to(candidate.example))
            yield chosen


def _refused(folder: Path, decisions: Mapping[str, Decision]) -> RefusedAnswers:
    """Collect what others can be preferred to; what a person took in is not."""
    found = RefusedAnswers()
    for candidate in read_candidates(folder):
        if can_be_rejected(candidate) and choose(candidate, decisions.get(candidate.example.id)) is None:
            found.add(candidate)
    return found


def _in_order(names: Iterable[str]) -> list[str]:
    """Give the shards as their rows follow one another, whichever was full first."""
    found = [(SPLITS.index(split), len(name), name) for name in names for split in SPLITS if name.startswith(split)]
    return [name for *_, name in sorted(found)]


def _document(chosen: Chosen, documents: Mapping[str, DocumentRow]) -> DocumentRow:
    example = chosen.candidate.example
    document = documents.get(example.document)
    if document is None:
        raise ConfigError(
            f"the example {example.id} is about the document {example.document!r}, which is not in {DOCUMENTS}"
        )
    return document


def _provenance(chosen: Chosen, row: Row, where: str, document: DocumentRow) -> ProvenanceRow:
    example, made = chosen.candidate.example, chosen.candidate.provenance
    return ProvenanceRow(
        id=example.id,
        row=where,
        split=document.split,
        kind=example.kind,
        question=chosen.question,
        spans=example.spans,
        document=document.id,
        document_name=document.name,
        prompts=made.prompts,
        models=made.models,
        verdict=chosen.candidate.verdict,
        edited=chosen.is_edited,
        kept=chosen.is_kept,
        rejected=row.rejected,
        run=made.run,
    )
