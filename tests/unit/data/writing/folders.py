"""What the tests of datasets share: a folder as a build leaves it, made of the contract types."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mainspring.core import JsonObject
from mainspring.data import Candidate, Document, Example, Kind, Objection, Provenance, Span, Split
from mainspring.data.writing import CandidateWriter, Decision, DocumentRow, write_lines
from mainspring.data.writing.folder import DECISIONS, DOCUMENTS, TEXTS

PROMPTS = {"question_writer": "2:" + "ab" * 32}
MODELS = {"question_writer": "teacher", "judge": "other"}
TEXT = "The pump holds 40 litres. It is filled in the morning.\nA red lamp means that it is empty.\n"
CALL: JsonObject = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "stock", "arguments": '{"item": "chair"}'},
}
TOOL: JsonObject = {
    "type": "function",
    "function": {"name": "stock", "parameters": {"type": "object", "properties": {"item": {"type": "string"}}}},
}


def lines(path: Path) -> list[Any]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def document(name: str = "pump.md", text: str = TEXT, *, licence: str = "CC0-1.0", source: str = "") -> Document:
    """Make a document of a text of its own."""
    return Document(
        name=name, kind="markdown", digest="00" * 32, text=text, licence=licence, source=source, language="en"
    )


def span(about: Document, quote: str) -> Span:
    """Point at words of a document."""
    start = about.text.index(quote)
    return Span(document=about.id, start=start, end=start + len(quote), quote=quote)


def candidate(
    about: Document,
    question: str = "How much does the pump hold?",
    answer: str = "It holds 40 litres.",
    *,
    objections: Sequence[str] = (),
    kind: Kind = "factual",
    quote: str = "The pump holds 40 litres.",
) -> Candidate:
    """Make a candidate that checks of these names object to."""
    spans = (span(about, quote),) if quote else ()
    return Candidate(
        example=Example(kind=kind, question=question, answer=answer, spans=spans, document=about.id, passages=(0,)),
        provenance=Provenance(prompts=PROMPTS, models=MODELS, run="run_1"),
        objections=tuple(Objection(check=check, says=f"{check} objects") for check in objections),
    )


def conversation(about: Document) -> Candidate:
    """Make a candidate of a run in which a tool was called."""
    messages: tuple[JsonObject, ...] = (
        {"role": "user", "content": "Is there a chair?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "3"},
        {"role": "assistant", "content": "Yes, three."},
    )
    said = candidate(about, "Is there a chair?", "Yes, three.", quote="")
    return said.model_copy(update={"messages": messages, "tools": (TOOL,)})


def write_folder(
    folder: Path,
    candidates: Iterable[Candidate],
    documents: Iterable[tuple[Document, Split]],
    decisions: Iterable[Decision] = (),
) -> Path:
    """Write what a build writes before rows are derived."""
    (folder / TEXTS).mkdir(parents=True, exist_ok=True)
    rows = []
    for one, split in documents:
        rows.append(
            DocumentRow(
                id=one.id,
                name=one.name,
                kind=one.kind,
                digest=one.digest,
                title=one.title,
                licence=one.licence,
                source=one.source,
                language=one.language,
                n_chars=len(one.text),
                n_passages=1,
                covered=1.0,
                split=split,
            )
        )
        (folder / TEXTS / f"{one.id}.txt").write_text(one.text, encoding="utf-8", newline="")
    write_lines(folder / DOCUMENTS, rows)
    with CandidateWriter(folder) as writer:
        for item in candidates:
            writer.add(item)
    given = list(decisions)
    if given:
        write_lines(folder / DECISIONS, given)
    return folder
