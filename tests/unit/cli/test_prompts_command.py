"""`mainspring prompts`: which prompts there are, what stands in them, how they differ, what was made by them."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainspring import Prompt
from mainspring.data.team.prompts import WrittenPrompt
from tests.unit.cli.conftest import Cli

FIRST = """---
name: ask
version: 1
description: Asks.
---
Ask what the passage says.
Be brief.
"""
SECOND = """---
name: ask
version: 2
description: Asks.
changes: It asks for one thing only.
sampling: {temperature: 0}
---
Ask one thing that the passage says.
Be brief.
"""


@pytest.fixture(autouse=True)
def _folder() -> None:
    Path("own").mkdir()
    Path("own/ask.v1.prompt.md").write_text(FIRST)
    Path("own/ask.v2.prompt.md").write_text(SECOND)


def document(cli: Cli, *arguments: str) -> Any:
    result = cli("prompts", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def written(version: int) -> WrittenPrompt:
    """Give a version as a build takes it down."""
    return WrittenPrompt.of(Prompt.load(f"own/ask.v{version}.prompt.md"))


def dataset(name: str, **files: object) -> str:
    Path(name).mkdir()
    for file, content in files.items():
        lines = content if isinstance(content, list) else [content]
        suffix = "jsonl" if isinstance(content, list) else "json"
        Path(name, f"{file}.{suffix}").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return name


def candidate(version: int, *objections: str) -> dict[str, object]:
    return {
        "provenance": {"prompts": {"ask": written(version).mark}},
        "objections": [{"check": name} for name in objections],
    }


def test_the_list_has_what_is_shipped_room_by_room_and_what_is_in_folders(cli: Cli) -> None:
    lines = [" ".join(line.split()) for line in cli("prompts", "list", "--folder", "own").stdout.splitlines()]
    assert lines[0] == "prompt versions digest room description"
    assert f"ask 1, 2 {written(2).digest[:12]} own Asks." in lines
    rooms = {item["room"] for item in document(cli, "list")}
    assert {"agent", "teams", "models/modes", "runs/plans"} <= rooms
    assert "own" not in rooms


def test_a_prompt_is_shown_as_its_file_has_it(cli: Cli) -> None:
    assert cli("prompts", "show", "ask", "--folder", "own").stdout == SECOND
    assert cli("prompts", "show", "ask@1", "--folder", "own").stdout == FIRST
    assert cli("prompts", "show", "own/ask.v1.prompt.md").stdout == FIRST
    shown = document(cli, "show", "ask", "--folder", "own")
    assert (shown["words"], shown["sampling"]) == (Prompt.load("own/ask.v2.prompt.md").body, {"temperature": 0})


def test_a_name_that_several_rooms_have_is_asked_for_with_its_room(cli: Cli) -> None:
    refused = cli("prompts", "show", "results")
    assert refused.exit_code == 2
    assert "models/modes/results, runs/plans/results" in refused.stderr
    assert document(cli, "show", "runs/plans/results@1")["description"].startswith("Tells an agent what the tasks")


def test_a_folder_goes_before_what_is_shipped(cli: Cli) -> None:
    Path("own/supervisor.v1.prompt.md").write_text("Lead.")
    assert cli("prompts", "show", "supervisor", "--folder", "own").stdout == "Lead.\n"
    assert document(cli, "show", "supervisor")["words"] != "Lead."


def test_a_name_that_is_not_there_ends_with_a_suggestion(cli: Cli) -> None:
    for command in ("show", "log"):
        refused = cli("prompts", command, "superviser")
        assert refused.exit_code == 2
        assert "did you mean 'supervisor'" in refused.stderr
    assert "there is no room or folder 'nowhere'" in cli("prompts", "show", "nowhere/judge").stderr


def test_a_comparison_shows_front_matter_and_words_apart(cli: Cli) -> None:
    shown = cli("prompts", "diff", "ask@1", "ask@2", "--folder", "own").stdout
    front, words = shown.split("\nwords")
    assert "+changes: It asks for one thing only." in front
    assert "-Ask what the passage says." in words
    assert "+Ask one thing that the passage says." in words
    assert "changes:" not in words


def test_files_can_be_compared_and_what_is_the_same_is_said_to_be(cli: Cli) -> None:
    Path("copy.md").write_text(SECOND.replace("version: 2", "version: 3"))
    found = document(cli, "diff", "own/ask.v2.prompt.md", "copy.md")
    assert found["words"] == []
    assert [line for line in found["front_matter"] if line[0] in "+-"] == ["-version: 2", "+version: 3"]
    assert "words  the same" in cli("prompts", "diff", "own/ask.v2.prompt.md", "copy.md").stdout


def test_the_log_says_what_changed_and_what_was_accepted_of_each_version(cli: Cli) -> None:
    mixed = dataset("mixed", candidates=[candidate(1, "numbers"), candidate(1), candidate(2), candidate(2)])
    counts = {"accepted": 3, "candidates": 4}
    reported = dataset("reported", report={"prompts": {"ask": written(2).mark}, "acceptance": counts})
    arguments = ("log", "ask", "--folder", "own", "--dataset", mixed, "--dataset", reported)
    one, two = document(cli, *arguments)["versions"]
    assert (one["n_words"], two["changes"]) == (7, "It asks for one thing only.")
    assert [(use["dataset"], use["rate"]) for use in one["used"]] == [("mixed", 0.5)]
    assert [(use["dataset"], use["rate"]) for use in two["used"]] == [("mixed", 1.0), ("reported", 0.75)]
    lines = [" ".join(line.split()) for line in cli("prompts", *arguments).stdout.splitlines()]
    assert "in mixed 1 of 2 accepted (50%)" in lines
    assert "in reported 3 of 4 accepted (75%)" in lines


def test_runs_are_counted_with_the_version_whose_words_they_worked_by(cli: Cli) -> None:
    stamp = f"?:{Prompt.load('own/ask.v1.prompt.md').digest}"
    folder = dataset("runs", candidates=[{"provenance": {"prompts": {"ask": stamp}}, "objections": []}])
    one, two = document(cli, "log", "ask", "--folder", "own", "--dataset", folder)["versions"]
    assert ([use["accepted"] for use in one["used"]], two["used"]) == ([1], [])


def test_what_was_made_by_words_that_have_changed_since_is_said_to_be(cli: Cli) -> None:
    folder = dataset("old", candidates=[candidate(1)])
    Path("own/ask.v1.prompt.md").write_text(FIRST.replace("brief", "quick"))
    shown = document(cli, "log", "ask", "--folder", "own", "--dataset", folder)
    assert [version["used"] for version in shown["versions"]] == [[], []]
    assert [(use["version"], use["accepted"]) for use in shown["others"]] == [("1", 1)]
    assert (
        "words that are in none of these files"
        in cli("prompts", "log", "ask", "--folder", "own", "--dataset", folder).stdout
    )


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no dataset"),
        ({"candidates": ["no candidate"]}, "candidates.jsonl', line 1: it is no candidate"),
        ({"report": [1]}, "holds no dataset"),
        ({"report": "words"}, "is not the report of a dataset"),
    ],
)
def test_a_folder_that_is_no_dataset_is_refused(cli: Cli, files: dict[str, object], says: str) -> None:
    refused = cli("prompts", "log", "ask", "--folder", "own", "--dataset", dataset("odd", **files))
    assert refused.exit_code == 2
    assert says in refused.stderr
