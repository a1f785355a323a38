"""`models add` and `pool promote`, `canary`, `decisions`: from what training left to a share of a pool."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainspring import use
from mainspring.agent import run_in_new_loop
from mainspring.models.config import PooledSettings, load_settings
from mainspring.runs import open_runs
from tests.unit.cli.conftest import Cli
from tests.unit.models.gguf import written
from tests.unit.promotion.making import SETTINGS, kept, serve, settings

STORE = ("--store", "runs.db")
GOOD, BAD = [1.0] * 100, [1.0] * 60 + [0.0] * 40


@pytest.fixture(autouse=True)
def _files(_own_world: None) -> None:
    """Have settings, and results of both models."""
    settings(Path())
    kept(Path("tuned.jsonl"), GOOD)
    kept(Path("worse.jsonl"), BAD)
    kept(Path("present.jsonl"), GOOD, "support")


def promote(cli: Cli, *more: str, results: str = "tuned.jsonl") -> Any:
    """Promote the tuned model by results that are there."""
    files = ("--results", results, "--results", "present.jsonl")
    return cli("pool", "promote", "support", "tuned", *files, *more, *STORE)


def weights() -> list[tuple[str | None, float]]:
    """Give what the members of the pool weigh."""
    pool = load_settings().models["support"]
    assert isinstance(pool, PooledSettings)
    return [(member.name, round(member.weight, 3)) for member in pool.members]


def document(cli: Cli, *command: str) -> Any:
    """Give what a command writes as JSON."""
    result = cli(*command, "--json", *STORE)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_a_model_is_added_promoted_and_found_in_the_history(cli: Cli) -> None:
    written(Path("clerk.gguf"), {"context_length": 2048})
    added = cli("models", "add", "clerk.gguf")
    assert (added.exit_code, added.stdout) == (0, "clerk\n")
    assert "clerk" in load_settings().models
    result = promote(cli, "--canary", "20%", "--by", "ada")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("tuned has 20% of support.")
    assert weights() == [(None, 1.0), ("tuned", 0.25)]
    history = cli("pool", "decisions", "support", *STORE)
    assert "promote tuned to 20%" in history.stdout
    assert "by ada" in history.stdout
    (decision,) = document(cli, "pool", "decisions", "support")
    shown = cli("runs", "show", decision["run"], *STORE)
    assert "not worse by more than 0.03" in shown.stdout


def test_a_model_that_does_not_pass_ends_the_command_with_a_failure(cli: Cli) -> None:
    result = promote(cli, "--json", results="worse.jsonl")
    assert result.exit_code == 1
    decision = json.loads(result.stdout)
    assert (decision["state"], decision["verdict"]["passed"]) == ("left", False)
    assert Path("mainspring.toml").read_text() == SETTINGS


@pytest.mark.parametrize(("trial", "has"), [("10%", 0.1), ("4%", 0.04), ("0", 0.0)])
def test_a_model_of_which_the_cases_do_not_tell_is_tried_as_far_as_is_said(
    trial: str, has: float, cli: Cli
) -> None:
    kept(Path("tuned.jsonl"), [1.0] * 50 + [0.0] * 10 + [1.0] * 9)
    kept(Path("present.jsonl"), [1.0] * 50 + [1.0] * 10 + [0.0] * 9, "support")
    result = promote(cli, "--first", "--trial", trial)
    assert result.exit_code == (0 if has else 1)
    assert f"it may be tried with {has:.0%}" in result.stdout if has else "is not promoted" in result.stdout
    assert "support-large" not in load_settings().models


def test_a_human_says_yes_in_the_inbox_and_the_same_command_goes_on(cli: Cli) -> None:
    asked = promote(cli, "--ask")
    assert asked.exit_code == 4
    assert "May tuned have 10% of support?" in asked.stderr
    assert Path("mainspring.toml").read_text() == SETTINGS
    (question,) = document(cli, "inbox", "list")
    assert cli("inbox", "approve", question["id"], "--by", "boss", *STORE).exit_code == 0
    done = promote(cli, "--ask")
    assert done.exit_code == 0, done.stderr
    (decision,) = document(cli, "pool", "decisions", "support")
    assert (decision["state"], decision["by"]) == ("done", "boss")
    assert weights()[1] == ("tuned", 0.111)


def test_a_model_that_nobody_measured_waits_for_a_human(cli: Cli) -> None:
    result = cli("pool", "promote", "support", "tuned", *STORE)
    assert result.exit_code == 4
    assert "held to no suite" in result.stderr


def test_a_model_is_asked_first_and_the_present_one_stays_to_escalate_to(cli: Cli) -> None:
    result = promote(cli, "--first")
    assert result.exit_code == 0, result.stderr
    assert weights() == [(None, 1.0), ("tuned", 1.0)]
    models = load_settings().models
    assert isinstance(models["support"], PooledSettings)
    assert [member.tier for member in models["support"].members] == [2, 1]
    assert not isinstance(models["support-large"], PooledSettings)
    assert models["support-large"].model == "large.gguf"


async def used() -> None:
    """Have runs in which the canary fails, and others in which the present model does not."""
    async with open_runs("runs.db") as runs:
        await serve(runs, "tuned", *[[use("look"), "sorry"]] * 8)
        await serve(runs, "local:large.gguf", *[["good"]] * 30)


def test_a_canary_is_looked_at_and_what_follows_is_done(cli: Cli) -> None:
    assert promote(cli).exit_code == 0
    run_in_new_loop(used())
    looked = cli("pool", "canary", "support", *STORE)
    assert looked.exit_code == 0, looked.stderr
    assert "tuned has 10%" in looked.stdout
    assert "withdraw to 0%" in looked.stdout
    assert weights()[1] == ("tuned", 0.111)
    weighing = document(cli, "pool", "canary", "support")
    assert (weighing["action"], weighing["candidate"]["failed_tools"]) == ("withdraw", 8)
    assert cli("pool", "canary", "support", "--apply", *STORE).exit_code == 0
    assert weights()[1] == ("tuned", 0.0)
    gone = cli("pool", "canary", "support", *STORE)
    assert gone.exit_code == 2
    assert "has no share of 'support' any more" in gone.stderr
    assert [one["share"] for one in document(cli, "pool", "decisions", "support")] == [0.0, 0.1]


def test_a_canary_without_runs_is_left_as_it_is(cli: Cli) -> None:
    assert promote(cli).exit_code == 0
    result = cli("pool", "canary", "support", "--apply", *STORE)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("tuned keeps its 10%.")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("promote", "support", "tuned", "--canary", "0%"), "'0%' is no share"),
        (("promote", "support", "tuned", "--canary", "many"), "'many' is no share"),
        (("promote", "suport", "tuned"), "did you mean 'support'"),
        (("promote", "support", "tund"), "did you mean 'tuned'"),
        (("promote", "support", "tuned", "--general", "facts"), "give that, too"),
        (("promote", "support", "tuned", "--results", "one.jsonl"), "two files or four"),
        (("canary", "support"), "there is no store"),
        (("decisions", "support"), "there is no store"),
    ],
)
def test_what_is_asked_wrongly_is_said_before_anything_begins(
    cli: Cli, command: tuple[str, ...], says: str
) -> None:
    result = cli("pool", *command, *STORE)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not Path("runs.db").exists()
