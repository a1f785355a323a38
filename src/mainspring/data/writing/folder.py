"""The folder that a build writes: what each file in it is called, and what stands in its small ones.

candidates.jsonl    every candidate, accepted or refused: the truth of which the rest is derived
decisions.jsonl     what a person decided of them, appended only; the last of an example counts
documents.jsonl     the documents, each with the split it is in
report.json         what the build took, and how its judge did
dataset.json        the form the rows were last written in, and the digests of what was written
train-00000.jsonl   rows, and `validation-00000.jsonl`; README.md tells loaders to read these alone
provenance.jsonl    a line for each row, in the order of the shards
texts/<id>.txt      the text that the spans of a document point into
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict

from mainspring.core import JsonObject
from mainspring.data.document import Heading, Value
from mainspring.data.example import Kind, Span, Split, Verdict

CANDIDATES: Final = "candidates.jsonl"
CARD: Final = "README.md"
DATASET: Final = "dataset.json"
DECISIONS: Final = "decisions.jsonl"
DOCUMENTS: Final = "documents.jsonl"
PROVENANCE: Final = "provenance.jsonl"
REPORT: Final = "report.json"
TEXTS: Final = "texts"
SHARD: Final = re.compile(r"(train|validation)-\d{5,}\.jsonl")
SPLITS: Final[tuple[Split, ...]] = ("train", "validation")

FormatName = Literal["openai", "prompt_completion", "sharegpt", "alpaca", "preference", "tools"]


class DocumentRow(Value):
    """What is kept of a document beside its text: a line of `documents.jsonl`."""

    VERSION: ClassVar = 1

    id: str
    name: str
    kind: str = ""
    digest: str = ""
    title: str = ""
    licence: str = ""
    source: str = ""
    language: str = ""
    n_chars: int = 0
    n_passages: int = 0
    covered: float = 0.0
    """Share of its passages with an accepted example."""
    split: Split = "train"
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    """Offset at which each page begins; none where there are no pages."""
    notes: tuple[str, ...] = ()


class Decision(Value):
    """What a person decided of a candidate: a line of `decisions.jsonl`."""

    VERSION: ClassVar = 1

    id: str
    """Of the example."""
    action: Literal["keep", "drop", "edit"]
    question: str | None = None
    """The words instead, for `edit`; None leaves them."""
    answer: str | None = None
    at: str | float | None = None


class ProvenanceRow(Value):
    """Where a row comes from: a line of `provenance.jsonl`."""

    VERSION: ClassVar = 1

    id: str
    """Of the example."""
    row: str
    """The shard and the line, counted from 1: `train-00000.jsonl:17`."""
    split: Split
    kind: Kind
    question: str
    spans: tuple[Span, ...]
    document: str
    """Id of the document."""
    document_name: str
    prompts: dict[str, str]
    models: dict[str, str]
    verdict: Verdict | None = None
    edited: bool = False
    """Whether a person wrote its words anew."""
    kept: bool = False
    """Whether a person took it in against the checks."""
    rejected: str = ""
    """Id of the refused example that it is preferred to."""
    run: str = ""


class _Lenient(BaseModel):
    """What others write: fields that are not known here are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class JudgeRates(_Lenient):
    """How a judge did on controls whose verdict was known."""

    model: str = ""
    n_bad: int = 0
    """Controls that it should refuse."""
    n_good: int = 0
    """Controls that it should accept."""
    false_accept_rate: float | None = None
    """Share of the bad ones that it let pass; None where there were none."""
    false_reject_rate: float | None = None
    """Share of the good ones that it refused; None where there were none."""
    counts: bool = False
    """Whether its verdicts counted."""


class Spent(_Lenient):
    """Tokens and US dollars that a build took."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = None
    """None where a price is not known."""


class Report(_Lenient):
    """What a build says of itself: the part of `report.json` that the card and the check read."""

    VERSION: ClassVar = 1

    sampling: Mapping[str, JsonObject] = {}
    """Agent to how its model picked its words."""
    judge: JudgeRates | None = None
    usage: Spent = Spent()
    stopped: str = ""
    """Why the build is not complete; empty where it is."""
    n_unfinished: int = 0
    """Documents that are not worked on to their end."""


class Dataset(Value):
    """The form that rows were last written in: `dataset.json`."""

    VERSION: ClassVar = 1

    format: FormatName
    shard_rows: int
    system: str = ""
    inputs: Mapping[str, str] = {}
    """File name to the SHA-256 of what the rows were derived from; empty where there was no such file."""
    outputs: Mapping[str, str] = {}
    """File name to the SHA-256 of what was written, shards in their order."""
    n_rows: Mapping[Split, int] = {}
    left_out: Mapping[str, int] = {}
    """Why the format could not write some accepted examples, and how many."""
