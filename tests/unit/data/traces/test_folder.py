"""Runs written as the folder of a dataset."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mainspring import use
from mainspring.core.errors import ConfigError
from mainspring.data.checking import check_dataset
from mainspring.data.traces import Counts, Taking, traces
from mainspring.data.traces.folder import write_traces
from mainspring.data.writing import Dataset, DocumentRow, read_candidates, read_documents, write_lines
from mainspring.runs import Runs
from tests.unit.data.traces.clerks import answered, clerk, family, finished, secret
from tests.unit.runs.making import opened


async def write(runs: Runs, folder: Path, counts: Counts | None = None, **settings: Any) -> Dataset:
    share = settings.pop("share", 0.1)
    form = settings.pop("format", "tools")
    where = settings.pop("where", "finished")
    counts = counts or Counts()
    found = traces(runs, agent="clerk", where=where, taking=Taking(**settings), counts=counts)
    return await write_traces(folder, found, counts, format=form, share=share)


def rows(folder: Path, split: str = "*") -> Iterator[dict[str, Any]]:
    for shard in sorted(folder.glob(f"{split}-*.jsonl")):
        yield from map(json.loads, shard.read_text().splitlines())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_runs_become_a_dataset_in_which_the_check_finds_nothing_wrong(tmp_path: Path) -> None:
    async with opened() as runs:
        for topic in ("apples", "rivers", "tariffs", "clouds", "engines", "poems"):
            await answered(runs, f"Tell me of {topic}.", use("look", q=topic), f"These are {topic}.")
        dataset = await write(runs, tmp_path / "traces")
    assert sum(dataset.n_rows.values()) == 6
    assert dataset.n_rows["validation"] >= 1
    written = list(rows(tmp_path / "traces"))
    assert all(set(row) == {"messages", "tools"} for row in written)
    findings = check_dataset(tmp_path / "traces")
    assert findings.is_sound, findings


async def test_the_format_of_plain_messages_leaves_out_what_calls_tools(tmp_path: Path) -> None:
    async with opened() as runs:
        await answered(runs, "plain?", "Plain.")
        await answered(runs, "look?", use("look", q="x"), "Looked.")
        dataset = await write(runs, tmp_path, format="openai")
    assert sum(dataset.n_rows.values()) == 1
    assert sum(dataset.left_out.values()) == 1
    (row,) = rows(tmp_path)
    assert [message["content"] for message in row["messages"]] == ["You are a clerk.", "plain?", "Plain."]


async def test_runs_that_were_asked_the_same_are_on_one_side(tmp_path: Path) -> None:
    async with opened() as runs:
        for place in range(12):
            for verdict in ("yes", "no"):
                await answered(runs, f"Is {place} much?", f"{verdict}, {place}")
        await write(runs, tmp_path, share=0.4)
    sides: dict[str, set[str]] = {}
    for candidate in read_candidates(tmp_path):
        document = read_documents(tmp_path)[candidate.example.document]
        sides.setdefault(candidate.example.question, set()).add(document.split)
    assert all(len(split) == 1 for split in sides.values())
    assert set.union(*sides.values()) == {"train", "validation"}


async def test_children_are_on_the_side_of_whoever_began_them(tmp_path: Path) -> None:
    async with opened() as runs:
        parents = [
            await finished(await runs.start(family(1), f"Do {place}.", id=f"run-{place}")) for place in range(9)
        ]
        await write(runs, tmp_path, children=True, share=0.5)
    documents = read_documents(tmp_path)
    children = {name: row for name, row in documents.items() if name not in parents}
    assert children
    assert all(row.split == documents[name.rpartition(".")[0]].split for name, row in children.items())


@pytest.mark.parametrize(("share", "n_validation"), [(0.0, 0), (0.0001, 1), (0.5, 1)])
async def test_neither_side_is_empty_unless_that_is_wanted(tmp_path: Path, share: float, n_validation: int) -> None:
    async with opened() as runs:
        for words in ("one?", "two?"):
            await answered(runs, words)
        dataset = await write(runs, tmp_path, share=share)
    assert dataset.n_rows == {"train": 2 - n_validation, "validation": n_validation}


async def test_what_is_marked_is_a_candidate_and_no_row_until_a_person_keeps_it(tmp_path: Path) -> None:
    async with opened() as runs:
        await answered(runs, "plain?")
        await finished(await runs.start(clerk("Yes."), secret("The code is 7.")))
        dataset = await write(runs, tmp_path, secret="mark")
        assert sum(dataset.n_rows.values()) == 1
        (marked,) = [found for found in read_candidates(tmp_path) if not found.is_accepted]
        (tmp_path / "decisions.jsonl").write_text(json.dumps({"id": marked.example.id, "action": "keep"}) + "\n")
        dataset = await write(runs, tmp_path, secret="mark")
    assert sum(dataset.n_rows.values()) == 2


async def test_the_report_says_what_was_taken_and_why_the_rest_was_not(tmp_path: Path) -> None:
    async with opened() as runs:
        await answered(runs, "plain?")
        await finished(await runs.start(clerk("Yes."), secret("The code is 7.")))
        await write(runs, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["acceptance"] == {"accepted": 1, "candidates": 1}
    assert report["runs"]["left_out"] == {"secret": 1}
    assert [*report["prompts"]] == ["clerk"]


async def test_where_no_run_is_taken_the_folder_stays_as_it_was(tmp_path: Path) -> None:
    async with opened() as runs:
        await answered(runs, "plain?")
        await write(runs, tmp_path)
        before = contents(tmp_path)
        with pytest.raises(ConfigError, match="none of 1 runs was taken; 1: the filter does not want them"):
            await write(runs, tmp_path, where="approved")
    assert contents(tmp_path) == before


async def test_a_dataset_made_of_documents_is_left_alone(tmp_path: Path) -> None:
    write_lines(tmp_path / "documents.jsonl", [DocumentRow(id="d", name="a.pdf", kind="pdf")])
    async with opened() as runs:
        await answered(runs, "plain?")
        with pytest.raises(ConfigError, match="made of documents"):
            await write(runs, tmp_path)
    assert [*contents(tmp_path)] == ["documents.jsonl"]


async def test_the_readme_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# A project")
    async with opened() as runs:
        await answered(runs, "plain?")
        with pytest.raises(ConfigError, match=r"has a README\.md and is no dataset"):
            await write(runs, tmp_path)
    assert contents(tmp_path) == {"README.md": b"# A project"}
