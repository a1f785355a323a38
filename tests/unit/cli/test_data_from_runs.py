"""`mainspring data from-runs`: runs of a store become conversations to train on."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.unit.cli.conftest import Cli
from tests.unit.data.traces.clerks import answered, paid
from tests.unit.runs.making import opened

Export = Callable[..., Result]
STORE = "runs.db"


@pytest.fixture
def export(cli: Cli) -> Export:
    """Call the command."""

    def run(*arguments: str) -> Result:
        words = ["--agent", "clerk", "--out", "traces", "--store", STORE, *arguments]
        return cli("data", "from-runs", *words)

    return run


@pytest.fixture(autouse=True)
async def _runs(_own_world: None) -> None:
    """Have one run allowed to pay, one refused, and one that answers at once."""
    async with opened(STORE) as runs:
        await paid(runs, "approve", "Pay Ada.", id="paid")
        await paid(runs, "deny", "Pay Bob.", id="unpaid")
        await answered(runs, "Hi!", "Hello.", id="plain")


def rows() -> list[dict[str, Any]]:
    shards = sorted(Path("traces").glob("*-0*.jsonl"))
    return [json.loads(line) for shard in shards for line in shard.read_text().splitlines()]


def lines(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_approved_runs_are_written_with_their_calls_and_the_counts_are_said(export: Export) -> None:
    result = export("--where", "approved")
    assert result.exit_code == 0
    assert lines(result) == [
        "looked at 3 runs",
        "taken 1",
        "left out 2: the filter does not want them",
        "rows 1 in train, 0 in validation, as tools in traces",
    ]
    (row,) = rows()
    assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant", "tool", "assistant"]
    assert row["messages"][-1]["content"] == "approve: Pay Ada."
    assert "pay" in {tool["function"]["name"] for tool in row["tools"]}


def test_the_document_for_programs_has_the_same_counts(export: Export) -> None:
    result = export("--format", "openai", "--json")
    assert json.loads(result.stdout) == {
        "folder": "traces",
        "format": "openai",
        "n_looked_at": 3,
        "n_taken": 3,
        "n_marked": 0,
        "left_out": {},
        "problems": [],
        "n_rows": {"train": 1, "validation": 0},
        "not_in_format": {"it is a conversation with tool calls, which the format 'tools' writes": 2},
    }
    assert [message["content"] for message in rows()[0]["messages"]][-2:] == ["Hi!", "Hello."]


def test_what_is_marked_is_said_with_the_command_that_decides(export: Export) -> None:
    result = export("--untrusted", "mark")
    assert "taken 3, 1 of them marked; decide with `mainspring data show traces`" in lines(result)


def test_as_many_as_are_wanted_are_taken(export: Export) -> None:
    assert json.loads(export("--limit", "2", "--json").stdout)["n_taken"] == 2


def test_a_run_of_a_newer_version_is_named_and_the_rest_is_written(export: Export) -> None:
    with closing(sqlite3.connect(STORE)) as db, db:
        db.execute("""UPDATE events SET body = replace(body, '"version":1', '"version":99') WHERE run = 'paid'""")
    result = export()
    assert "passed over: run 'paid': " in result.stderr
    assert "left out 1: they cannot be read" in lines(result)
    assert len(rows()) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--where", "aproved"], "did you mean 'approved'"),
        (["--where", "answered"], "none of 3 runs was taken; 3: the filter does not want them"),
        (["--agent", "nobody"], "no run of an agent 'nobody' has ended in .*; there are runs of clerk"),
        (["--store", "nowhere.db"], "there is no store 'nowhere.db' here"),
    ],
)
def test_what_comes_to_nothing_is_refused_and_nothing_is_written(
    export: Export, arguments: list[str], says: str
) -> None:
    refused = export(*arguments)
    assert refused.exit_code == 2
    assert re.search(says, refused.stderr)
    assert not Path("traces").exists()
