"""What a run that makes room in its conversation looks like on the command line."""

import json
from pathlib import Path

import pytest

from mainspring.core import decode
from mainspring.core.events import Compacted
from tests.unit.cli.conftest import Cli
from tests.unit.cli.stored import STORE

AGENT = """
from mainspring import Agent, Context, ScriptedModel, tool, use

@tool(effect="fetch")
def page(n: int) -> str:
    '''Read a page.'''
    return f"page {n}: " + "lorem ipsum dolor sit amet " * 20

notes = ScriptedModel(NOTES, name="notes")
model = ScriptedModel([*(use("page", n=n) for n in range(7)), "all read"], name="small")
agent = Agent("reader", model=model, tools=[page], context=Context(1_024, summarizer=notes))
"""


def write(notes: str) -> None:
    Path("agent.py").write_text(AGENT.replace("NOTES", notes))


def test_the_room_that_was_made_and_who_summed_up_are_shown(cli: Cli) -> None:
    write('["It is all about pages."]')
    result = cli("run", ".", "read them")
    assert (result.exit_code, result.stdout) == (0, "all read\n")
    shown = " ".join(result.stderr.split())
    assert "sum up summarize(task=" in shown
    assert "older messages replaced: about" in shown
    assert "not all was summed up" not in shown


def test_a_summary_that_could_not_be_written_is_told_with_the_reason(cli: Cli) -> None:
    write("[]")
    result = cli("run", ".", "read them")
    assert result.exit_code == 0
    assert "not all was summed up (ModelError: the script of 'notes' has 0 lines" in " ".join(result.stderr.split())


@pytest.mark.parametrize("command", ["show", "tail"])
def test_a_kept_run_tells_that_room_was_made(cli: Cli, command: str) -> None:
    write('["It is all about pages."]')
    cli("run", ".", "read them", "--store", STORE, "--id", "mine")
    shown = cli("runs", command, "mine", "--store", STORE)
    assert "older messages replaced" in shown.stdout + shown.stderr


def test_a_compaction_is_a_line_of_json_that_decodes_back(cli: Cli) -> None:
    write('["It is all about pages."]')
    events = [
        decode(json.loads(line)["event"]) for line in cli("run", ".", "read them", "--json").stdout.splitlines()
    ]
    (compacted,) = [event for event in events if isinstance(event, Compacted)]
    assert (compacted.by, compacted.problem) == ("reader-summarizer", "")
