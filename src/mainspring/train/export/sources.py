"""What a dataset's folder says of where its rows come from, read as files: card, report, documents, provenance.

What it keeps true: a folder without them, or with others of these names, says nothing and stops nothing; an export
does not fail because a dataset was moved.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import Field, JsonValue

from mainspring.models.files.store import hash_of
from mainspring.train.job import Value

_MAX_LISTED: Final = 200


class Document(Value):
    """A document, or a recorded run, that rows rest on."""

    name: str
    sha256: str
    licence: str
    source: str
    n_rows: int


class Dataset(Value):
    """A dataset, as far as its folder says."""

    name: str
    card_sha256: str = ""
    provenance_sha256: str = ""
    n_rows: int = 0
    """Rows of which it is said where they come from."""
    documents: tuple[Document, ...] = ()
    """By rows, most first; no more than 200."""
    n_documents: int = 0
    prompts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Agent to the versions of its prompts."""
    models: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Agent to the models that it asked."""
    runs: tuple[str, ...] = ()
    """Ids of the runs that wrote the rows, in the dataset's store; no more than 200."""
    n_runs: int = 0
    n_edited: int = 0
    """Rows that a person wrote anew."""
    judge: str = ""
    """The judge whose verdicts counted."""


def read_dataset(path: Path) -> Dataset:
    """Read what a dataset says of itself.

    Args:
        path: Its folder, or a file of rows.
    """
    folder = path if path.is_dir() else path.parent
    if not path.is_dir():
        return Dataset(name=path.name)
    rows = [*_lines(folder / "provenance.jsonl")]
    counts = Counter(_text(row, "document") for row in rows)
    documents = {_text(row, "id"): row for row in _lines(folder / "documents.jsonl")}
    runs = sorted({_text(row, "run") for row in rows} - {""})
    return Dataset(
        name=path.name,
        card_sha256=_digest(folder / "README.md"),
        provenance_sha256=_digest(folder / "provenance.jsonl"),
        n_rows=len(rows),
        documents=tuple(
            _document(documents.get(name, {}), name, n) for name, n in counts.most_common(_MAX_LISTED) if name
        ),
        n_documents=len(counts.keys() - {""}),
        prompts=_by_agent(rows, "prompts"),
        models=_by_agent(rows, "models"),
        runs=tuple(runs[:_MAX_LISTED]),
        n_runs=len(runs),
        n_edited=sum(row.get("edited") is True for row in rows),
        judge=_judge(folder / "report.json"),
    )


def _document(said: dict[str, JsonValue], name: str, n_rows: int) -> Document:
    return Document(
        name=_text(said, "name") or name,
        sha256=_text(said, "digest"),
        licence=_text(said, "licence"),
        source=_text(said, "source"),
        n_rows=n_rows,
    )


def _by_agent(rows: list[dict[str, JsonValue]], field: str) -> dict[str, tuple[str, ...]]:
    """Gather what each agent of the rows was given."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        given = row.get(field)
        for agent, one in (given if isinstance(given, dict) else {}).items():
            found[agent].add(str(one))
    return {agent: tuple(sorted(ones)) for agent, ones in sorted(found.items())}


def _judge(path: Path) -> str:
    judge = next(_lines(path, whole=True), {}).get("judge")
    return _text(judge, "model") if isinstance(judge, dict) and judge.get("counts") is True else ""


def _lines(path: Path, *, whole: bool = False) -> Iterator[dict[str, JsonValue]]:
    """Give the objects of a file, one a line or one in all; nothing where there is no such file."""
    try:
        content = path.read_bytes()
    except OSError:
        return
    for line in [content] if whole else content.splitlines():
        try:
            read = json.loads(line)
        except ValueError:
            continue
        if isinstance(read, dict):
            yield read


def _text(said: dict[str, JsonValue], key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""


def _digest(path: Path) -> str:
    return hash_of(path).hexdigest() if path.is_file() else ""
