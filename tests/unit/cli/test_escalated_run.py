"""What a run that goes on with a dearer model looks like on the command line."""

import json
from pathlib import Path

import pytest

from mainspring.core import decode
from mainspring.core.events import Escalated
from tests.unit.cli.conftest import Cli
from tests.unit.cli.stored import STORE

AGENT = """
from decimal import Decimal
from mainspring import Agent, Escalate, ScriptedModel
from mainspring.models.prices import Rates

def check(answer: str) -> str:
    '''Look for the sources.'''
    return "" if "sources" in answer else "it names no sources"

small = ScriptedModel(["42"], name="small", price=Rates(input=Decimal(1), output=Decimal(1)))
large = ScriptedModel(["42 (sources: a)"], name="large", price=Rates(input=Decimal(20), output=Decimal(20)))
agent = Agent("clerk", model=small, escalate=Escalate(large, judge=check))
"""
WORDS = "what is it? " * 100


def test_the_judge_its_word_and_the_price_of_the_dearer_model_are_shown(cli: Cli) -> None:
    Path("agent.py").write_text(AGENT)
    result = cli("run", ".", WORDS)
    assert (result.exit_code, result.stdout) == (0, "42 (sources: a)\n")
    assert result.stderr.splitlines()[:2] == ['judge    check(answer="42")', "result   it names no sources"]
    shown = " ".join(result.stderr.split())
    assert (
        "model small gave an answer that was judged not good enough (it names no sources): large goes on; "
        "a call like its last costs $0.006 instead of $0.0003" in shown
    )


@pytest.mark.parametrize("command", ["show", "tail"])
def test_a_kept_run_tells_who_went_on(cli: Cli, command: str) -> None:
    Path("agent.py").write_text(AGENT)
    cli("run", ".", WORDS, "--store", STORE, "--id", "mine")
    shown = cli("runs", command, "mine", "--store", STORE)
    assert "large goes on" in shown.stdout + shown.stderr


def test_an_escalation_is_a_line_of_json_that_decodes_back(cli: Cli) -> None:
    Path("agent.py").write_text(AGENT)
    events = [decode(json.loads(line)["event"]) for line in cli("run", ".", WORDS, "--json").stdout.splitlines()]
    (escalated,) = [event for event in events if isinstance(event, Escalated)]
    assert (escalated.from_model, escalated.to_model, escalated.reason) == ("small", "large", "judge")


def test_a_dearer_model_that_leads_nowhere_is_told_before_the_run(cli: Cli) -> None:
    Path("agent.py").write_text(AGENT.replace("Escalate(large", "Escalate('nosuch:model'"))
    result = cli("run", ".", "go")
    assert result.exit_code == 2
    assert "nosuch" in result.stderr
    assert "judge" not in result.stderr
