"""`mainspring plans`: list, show, add, done, retry, skip, cancel."""

import json
import os
import re
import signal
from pathlib import Path

import pytest

from mainspring import Agent, ScriptedModel
from mainspring.agent import run_in_new_loop
from mainspring.cli.load import load_agent
from mainspring.core import Label
from mainspring.runs import Goal, Query, Settings, Task, open_runs
from tests.unit.cli.conftest import Cli
from tests.unit.cli.stored import STORE, document, started, write_stored_agent

TERRACE = """
title = "Furnish the terrace"
user = "ada"
id = "terrace"

[[tasks]]
name = "measure"
agent = "helper"
input = "Measure it."

[[tasks]]
name = "call"
due = 2020-01-01T09:00:00Z

[[tasks]]
name = "offer"
agent = "helper"
after = ["measure", "call"]
deadline = "1w"

[[tasks]]
name = "water"
every = "2d"
due = "1d"
"""


def add(cli: Cli, text: str = TERRACE, name: str = "goal.toml") -> str:
    """Add a goal from a file, and give its id."""
    Path(name).write_text(text)
    result = cli("plans", "add", name, "--store", STORE)
    assert result.exit_code == 0, result.stderr
    return str(result.stdout.strip())


def phases(cli: Cli, goal: str) -> dict[str, str]:
    """Give how the tasks of a goal stand."""
    return {task["name"]: task["phase"] for task in document(cli, "plans", "show", goal)["tasks"]}


def work(script: str) -> None:
    """Drive what is due until no run of a goal is in progress."""
    write_stored_agent(script)

    async def drive() -> None:
        settings = Settings(sweep_s=0.02)
        async with open_runs(STORE, agents=[load_agent("agent.py")], settings=settings) as runs:
            while await runs.sweep() or any(
                task.state == "running" for plan in await runs.plans.find() for task in plan.tasks
            ):
                pass

    run_in_new_loop(drive())


def test_a_goal_is_added_from_a_file_and_shown_as_a_tree(cli: Cli) -> None:
    assert add(cli) == "terrace"
    lines = cli("plans", "show", "terrace", "--store", STORE).stdout.splitlines()
    assert lines[0] == "terrace  Furnish the terrace  open · for ada"
    assert re.fullmatch(r"├─ ○ measure  ready +helper", lines[1])
    assert lines[2] == "│     Measure it."
    assert re.fullmatch(r"├─ □ call +to do +overdue  a person · due 2020-01-01 .*", lines[3])
    assert re.fullmatch(r"│  └─ ○ offer +waiting +helper · also after measure · deadline .*", lines[4])
    assert re.fullmatch(r"└─ □ water +to do +a person · due .* \(in .*\) · every 2 d", lines[5])
    assert len(lines) == 6


def test_the_list_has_a_line_for_each_open_goal_the_newest_first(cli: Cli) -> None:
    add(cli)
    cli("plans", "add", "Call", "the", "bank", "--id", "bank", "--store", STORE)
    first, second = cli("plans", "list", "--store", STORE).stdout.splitlines()
    assert re.fullmatch(r"bank +Call the bank +0/1 ended", first)
    assert re.fullmatch(r"terrace  Furnish the terrace  0/4 ended  1 overdue  due 2020-01-01 .*  ada", second)
    assert [goal["id"] for goal in document(cli, "plans", "list", "--user", "ada")] == ["terrace"]


def test_a_single_task_is_added_by_its_words(cli: Cli) -> None:
    result = cli(
        *("plans", "add", "Remind", "Ada", "--agent", "helper", "--due", "3h", "--every", "1w", "--user", "ada"),
        *("--store", STORE, "--json"),
    )
    (task,) = json.loads(result.stdout)["tasks"]
    assert (task["input"], task["agent"], task["every_s"], task["phase"]) == (
        "Remind Ada", "helper", 604_800, "scheduled",
    )  # fmt: skip


def test_a_goal_is_read_as_json_from_stdin(cli: Cli) -> None:
    words = json.dumps({"title": "Sell", "id": "sell", "tasks": [{"name": "call", "budget": {"usd": "0.5"}}]})
    assert cli("plans", "add", "-", "--store", STORE, words=words).stdout == "sell\n"
    assert (
        "mainspring plans show sell --store runs.db"
        in cli("plans", "add", "-", "--store", STORE, words=words).stderr
    )


def test_a_goal_goes_on_as_people_and_workers_do_their_part(cli: Cli) -> None:
    add(cli)
    work("['2 m', '30 dollars']")
    assert phases(cli, "terrace") == {"measure": "done", "call": "ready", "offer": "waiting", "water": "ready"}
    result = cli("plans", "done", "terr", "call", "--result", "She agrees.", "--by", "ada", "--store", STORE)
    assert (result.stdout, result.stderr) == ("", "done        call\n")
    work("['30 dollars']")
    shown = document(cli, "plans", "show", "terrace")
    assert {task["name"]: task["result"] for task in shown["tasks"]} == {
        "measure": "2 m",
        "call": "She agrees.",
        "offer": "30 dollars",
        "water": None,
    }
    assert (shown["tasks"][1]["by"], shown["tasks"][2]["run_status"]) == ("ada", "finished")
    assert "= She agrees." in cli("plans", "show", "terrace", "--store", STORE).stdout
    cli("plans", "cancel", "terrace", "--store", STORE)
    assert cli("plans", "list", "--store", STORE).stderr == "no goal is open\n"
    assert [goal["state"] for goal in document(cli, "plans", "list", "--all")] == ["done"]


def test_what_has_failed_is_shown_with_the_reason_and_is_tried_again_or_skipped(cli: Cli) -> None:
    add(cli)
    cli("plans", "done", "terrace", "call", "--store", STORE)
    work("['2 m']")
    shown = cli("plans", "show", "terrace", "--store", STORE).stdout
    assert "● measure  done" in shown
    _fail(cli)
    assert phases(cli, "broken") == {"one": "failed", "two": "blocked"}
    assert "✗ one  failed" in cli("plans", "show", "broken", "--store", STORE).stdout
    assert "1 failed  1 blocked" in cli("plans", "list", "--store", STORE).stdout
    assert cli("plans", "retry", "broken", "--store", STORE).stderr == "tried again one\n"
    assert phases(cli, "broken") == {"one": "running", "two": "waiting"}
    assert cli("plans", "retry", "broken", "--store", STORE).exit_code == 2
    assert cli("plans", "skip", "broken", "one", "--store", STORE).stderr == "skipped     one\n"
    assert phases(cli, "broken") == {"one": "skipped", "two": "ready"}


def test_a_task_that_is_not_named_is_the_only_one_that_can_be_meant(cli: Cli) -> None:
    add(cli)
    several = cli("plans", "done", "terrace", "--store", STORE)
    assert several.exit_code == 2
    assert "of those that are to do there are: call, water" in several.stderr
    cli("plans", "cancel", "terrace", "water", "--store", STORE)
    assert cli("plans", "done", "terrace", "--store", STORE).stderr == "done        call\n"
    assert cli("plans", "skip", "terrace", "--store", STORE).stderr.endswith("failed there are: none\n")


def test_what_is_cancelled_takes_with_it_what_comes_after(cli: Cli) -> None:
    add(cli)
    assert cli("plans", "cancel", "terrace", "measure", "--store", STORE).stderr == "cancelled   measure, offer\n"
    assert phases(cli, "terrace")["offer"] == "cancelled"
    again = cli("plans", "cancel", "terrace", "measure", "--store", STORE)
    assert (again.exit_code, "has ended already" in again.stderr) == (2, True)


def test_words_of_others_are_shown_harmless_and_marked(cli: Cli) -> None:
    async def plan() -> None:
        async with open_runs(STORE, settings=Settings(work=False)) as runs:
            page = Label(sources=("tool:fetch",))
            tasks = [Task("pay", input="Pay\x1b[31m\n● done")]
            await runs.plans.add(Goal("Evil\x1b[2J", tasks=tasks, label=page, id="evil"))

    run_in_new_loop(plan())
    shown = cli("plans", "show", "evil", "--store", STORE).stdout
    assert "\x1b" not in shown + cli("plans", "list", "--store", STORE).stdout
    assert "a person · not trusted" in shown
    assert len(shown.splitlines()) == 3
    assert not document(cli, "plans", "show", "evil")["tasks"][0]["is_trusted"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = 1", "title: Input should be a valid string"),
        ("title = 'x'\ntasks = [{name = 'a', due = 'soon'}]", "'soon' is no time"),
        ("title = 'x'\ntasks = [{name = 'a', when = 1}]", "tasks.0.when: Extra inputs"),
        ("title = 'x'\ntasks = [{name = 'a', after = ['b']}]", "comes after b, which are no tasks"),
        ("title =", "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(cli: Cli, text: str, words: str) -> None:
    Path("goal.toml").write_text(text)
    result = cli("plans", "add", "goal.toml", "--store", STORE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "nowhere.toml"], "cannot be read"),
        (["add", "goal.toml", "--due", "3h"], "write into it what the options say"),
        (["add", "call", "--every", "often"], "'often' is no span"),
        (["show", "nothing"], "there is no goal 'nothing'; see `mainspring plans list --store runs.db`"),
        (["done", "terrace", "nothing"], "no task 'nothing'"),
        (["retry", "terrace"], "nothing of goal 'terrace' has failed"),
    ],
)
def test_what_cannot_be_done_is_said_on_stderr(cli: Cli, arguments: list[str], words: str) -> None:
    add(cli)
    result = cli("plans", *arguments, "--store", STORE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_a_beginning_that_several_goals_have_is_refused(cli: Cli) -> None:
    for name in ("mine-1", "mine-2"):
        cli("plans", "add", "call", "--id", name, "--store", STORE)
    assert cli("plans", "show", "mine", "--store", STORE).stderr == (
        "error: 'mine' may be any of mine-2, mine-1; write more of it\n"
    )


def test_looking_makes_no_store(cli: Cli) -> None:
    assert cli("plans", "list", "--store", STORE).exit_code == 2
    assert not Path(STORE).exists()


@pytest.mark.parametrize("arguments", [["list"], ["show", "terrace"]])
def test_goals_are_watched_until_a_signal_comes(cli: Cli, arguments: list[str]) -> None:
    add(cli)
    process = started("plans", *arguments, "--watch", "--json")
    assert process.stdout is not None
    looks = [json.loads(process.stdout.readline()) for _ in range(2)]
    os.kill(process.pid, signal.SIGINT)
    process.communicate()
    assert looks[0] == looks[1] or arguments == ["list"]
    assert process.returncode == 130


def _fail(cli: Cli) -> None:
    """Add a goal whose first task has failed."""
    tasks = "tasks = [{name = 'one', agent = 'other'}, {name = 'two', after = ['one']}]"
    add(cli, f"title = 'Break'\nid = 'broken'\n{tasks}")

    async def begin_and_cancel() -> None:
        other = Agent("other", model=ScriptedModel([]))
        async with open_runs(STORE, agents=[other], settings=Settings(work=False)) as runs:
            await runs.sweep()
            assert len(await runs.find(Query(ids=["broken/one"]))) == 1
            await runs.cancel("broken/one", by="ada")
            await runs.sweep()

    run_in_new_loop(begin_and_cancel())
