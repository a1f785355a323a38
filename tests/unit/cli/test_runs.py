"""`mainspring runs`: list, show, tail, resume, cancel, fork, replay, diff, export, budget."""

import json
import re
from pathlib import Path

import pytest

from tests.unit.cli import stored
from tests.unit.cli.conftest import Cli
from tests.unit.cli.stored import BLOCKING, PAYING, STORE, document, question, write_stored_agent

LOOKING = "[use('look', q='17'), 'Done.']"


def _run(cli: Cli, *, script: str = LOOKING, name: str = "mine", words: str = "go") -> None:
    write_stored_agent(script)
    cli("run", ".", words, "--store", STORE, "--id", name)


@pytest.mark.parametrize(
    "arguments",
    [
        ["runs", "list"],
        ["runs", "show", "x"],
        ["runs", "tail", "x"],
        ["runs", "cancel", "x"],
        ["runs", "resume", "x"],
        ["runs", "fork", "x"],
        ["runs", "replay", "x"],
        ["runs", "diff", "x", "y"],
        ["runs", "export", "x", "--to", "page"],
        ["runs", "budget", "team"],
        ["inbox", "list"],
        ["inbox", "approve", "x"],
    ],
)
def test_looking_makes_no_store_and_says_how_one_comes_to_be(cli: Cli, arguments: list[str]) -> None:
    result = cli(*arguments, "--store", STORE)
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "error: there is no store 'runs.db' here; `mainspring run AGENT WORDS --store runs"
    )
    assert not Path(STORE).exists()


def test_the_store_is_mainspring_db_where_nothing_else_is_said(cli: Cli) -> None:
    assert "there is no store 'mainspring.db'" in cli("runs", "list").stderr


def test_the_list_has_a_line_for_each_run_the_newest_first(cli: Cli) -> None:
    _run(cli)
    _run(cli, script=PAYING, name="paying", words="pay it\nback, please")
    lines = cli("runs", "list", "--store", STORE).stdout.splitlines()
    assert lines[0].split() == ["run", "agent", "status", "age", "steps", "cost", "asked"]
    assert re.fullmatch(r"paying +helper +waiting: human +\d s +2 +\$0  pay it back, please", lines[1])
    assert re.fullmatch(r"mine +helper +finished +\d s +2 +\$0  go", lines[2])


@pytest.mark.parametrize(
    "arguments", [["runs", "list"], ["runs", "show", "mine"], ["runs", "tail", "mine"], ["inbox", "list"]]
)
def test_there_is_no_colour_when_piped(cli: Cli, arguments: list[str]) -> None:
    _run(cli, script=PAYING)
    result = cli(*arguments, "--store", STORE)
    assert "\x1b" not in result.stdout + result.stderr


def test_the_list_can_be_of_some_runs_only(cli: Cli) -> None:
    _run(cli)
    _run(cli, script=PAYING, name="paying")
    for arguments, names in (
        (["--status", "waiting"], ["paying"]),
        (["--status", "waiting", "--status", "finished"], ["paying", "mine"]),
        (["--limit", "1"], ["paying"]),
        (["--agent", "nobody"], []),
    ):
        assert [run["id"] for run in document(cli, "runs", "list", *arguments)] == names
    assert "there are no such runs" in cli("runs", "list", "--status", "failed", "--store", STORE).stderr
    wrong = cli("runs", "list", "--status", "lost", "--store", STORE)
    assert (wrong.exit_code, wrong.stderr.startswith("error: there is no status 'lost'")) == (2, True)


def test_long_words_are_cut_in_the_list(cli: Cli) -> None:
    _run(cli, words="word " * 40)
    assert cli("runs", "list", "--store", STORE).stdout.splitlines()[1].endswith("word…")


def test_a_run_is_known_by_the_beginning_of_its_id(cli: Cli) -> None:
    write_stored_agent(LOOKING)
    cli("run", ".", "go", "--store", STORE)
    (run,) = document(cli, "runs", "list")
    for name in (run["id"], run["id"][:8], run["id"].removeprefix("run_")[:4]):
        assert document(cli, "runs", "show", name)["id"] == run["id"]


def test_a_beginning_that_several_runs_have_and_an_unknown_one_are_refused(cli: Cli) -> None:
    _run(cli, name="mine-1")
    _run(cli, name="mine-2")
    several = cli("runs", "show", "mine", "--store", STORE)
    assert several.exit_code == 2
    assert several.stderr == "error: 'mine' may be any of mine-2, mine-1; write more of it\n"
    none = cli("runs", "show", "theirs", "--store", STORE)
    assert none.exit_code == 2
    assert none.stderr == "error: there is no run 'theirs'; see `mainspring runs list --store runs.db`\n"


def test_a_run_is_shown_with_its_steps_and_what_it_waits_for(cli: Cli) -> None:
    write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE, "--id", "mine", "--budget-calls", "4")
    shown = cli("runs", "show", "mine", "--store", STORE).stdout.splitlines()
    assert shown[0] == "mine  waiting: human"
    assert "asked    pay" in shown
    assert "agent    helper on scripted" in shown
    assert "budget   model calls ██████████░░░░░░░░░░  2 of 4 spent, 2 left" in shown
    assert any(line.startswith("step 2  #7  scripted · ") for line in shown)
    assert 'call     refund(order="17", amount=3)' in shown
    assert 'waits    May refund(order="17", amount=3) be called?' in shown
    assert f"  mainspring inbox approve {question(cli)} --store runs.db" in shown


def test_a_run_is_shown_with_its_answers_and_its_end(cli: Cli) -> None:
    _run(cli, script=PAYING)
    cli("inbox", "approve", question(cli), "--by", "ada", "--reason", "fine", "--store", STORE)
    cli("runs", "resume", "mine", "--agent", ".", "--store", STORE)
    shown = cli("runs", "show", "mine", "--store", STORE).stdout.splitlines()
    assert any(line.startswith("approved by ada: fine  #") for line in shown)
    assert any(line.startswith("result   paid 3 for 17") for line in shown)
    assert "answer   Paid." in shown


def test_a_failed_run_is_shown_with_why(cli: Cli) -> None:
    write_stored_agent(LOOKING)
    cli("run", ".", "go", "--store", STORE, "--id", "mine", "--max-steps", "1")
    shown = cli("runs", "show", "mine", "--store", STORE).stdout
    assert shown.startswith("mine  failed\n")
    assert shown.count("failed   StepLimit: agent 'helper' took 1 step without an answer") == 1


def test_a_run_as_json_has_everything_and_its_events(cli: Cli) -> None:
    write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE, "--id", "mine", "--budget-calls", "4")
    run = document(cli, "runs", "show", "mine")
    assert (run["status"], run["asked"], run["n_steps"]) == ("waiting", "pay", 2)
    assert run["budgets"][0]["limits"] == {"model_calls": "4"}
    assert run["budgets"][0]["spent"]["model_calls"] == "2"
    assert run["pending"] == [question(cli)]
    assert len(run["events"]) == run["n_events"]


def test_tail_shows_a_run_that_another_process_drives_until_its_end(cli: Cli) -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    with stored.started("run", ".", "go", "--id", "mine"):
        stored.wait_until_begun()
        with stored.started("runs", "tail", "mine") as tail:
            stored.read_until(tail, "call     block()")
            stored.allow()
            out, err = tail.communicate()
    assert (tail.returncode, out) == (0, "Done.\n")
    assert "result   allowed" in err


def test_tail_exits_as_the_run_did(cli: Cli) -> None:
    _run(cli, script=PAYING, name="waits")
    _run(cli, script="[]", name="fails")
    _run(cli, name="ends")
    codes = {name: cli("runs", "tail", name, "--store", STORE).exit_code for name in ("waits", "fails", "ends")}
    assert codes == {"waits": 4, "fails": 1, "ends": 0}


def test_tail_as_json_is_every_event(cli: Cli) -> None:
    _run(cli)
    lines = cli("runs", "tail", "mine", "--store", STORE, "--json").stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(len(lines)))


def test_a_failed_run_is_tried_again_by_resume(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), RuntimeError('down')]")
    cli("run", ".", "go", "--store", STORE, "--id", "mine")
    write_stored_agent("[use('look', q='17'), 'Up.']")
    assert cli("runs", "resume", "mine", "--agent", ".", "--store", STORE).stdout == "Up.\n"
    assert stored.done() == ["look 17"]


def test_resume_without_an_agent_leaves_the_run_to_a_worker(cli: Cli) -> None:
    _run(cli, script="[]")
    result = cli("runs", "resume", "mine", "--store", STORE)
    assert result.exit_code == 0
    assert "mine goes on with a worker of 'helper', or here with" in result.stderr
    assert document(cli, "runs", "show", "mine")["status"] == "pending"


def test_resume_refuses_a_finished_run_and_another_agent(cli: Cli) -> None:
    _run(cli)
    finished = cli("runs", "resume", "mine", "--agent", ".", "--store", STORE)
    assert (finished.exit_code, "has its answer; fork it" in finished.stderr) == (2, True)
    _run(cli, script=PAYING, name="paying")
    write_stored_agent(LOOKING)
    Path("other.py").write_text(
        "from mainspring import Agent, ScriptedModel\na = Agent('b', model=ScriptedModel([]))"
    )
    refused = cli("runs", "resume", "paying", "--agent", "other.py", "--store", STORE)
    assert (refused.exit_code, "is one of agent 'helper'" in refused.stderr) == (2, True)


def test_a_waiting_run_can_be_cancelled_once(cli: Cli) -> None:
    _run(cli, script=PAYING)
    assert cli("runs", "cancel", "mine", "--store", STORE).stderr == "mine is cancelled\n"
    assert cli("runs", "cancel", "mine", "--store", STORE).stderr == "mine had ended already: cancelled\n"
    assert document(cli, "inbox", "list") == []
    assert cli("runs", "tail", "mine", "--store", STORE).exit_code == 130


def test_a_running_run_is_asked_to_stop(cli: Cli) -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    with stored.started("run", ".", "go", "--id", "mine") as process:
        stored.wait_until_begun()
        result = cli("runs", "cancel", "mine", "--store", STORE)
        stored.allow()
        _, err = process.communicate()
    assert "mine is asked to stop; whoever drives it ends it within seconds" in result.stderr
    assert process.returncode == 130
    assert "stopped  the run was cancelled" in err


def test_a_fork_goes_on_from_an_event_with_another_result(cli: Cli) -> None:
    _run(cli, script="[use('look', q='17'), lambda request: request.messages[-1].parts[0].text]")
    events = document(cli, "runs", "show", "mine")["events"]
    at = next(entry["seq"] for entry in events if entry["event"]["type"] == "tool_returned")
    result = cli(
        *("runs", "fork", "mine", "--at", str(at), "--result", "nothing", "--agent", ".", "--id", "other"),
        *("--store", STORE),
    )
    assert (result.exit_code, result.stdout) == (0, "nothing\n")
    assert result.stderr.startswith(f"other departs from mine at event {at}\n")
    assert stored.done() == ["look 17"]
    assert f"forked   from mine at event {at}" in cli("runs", "show", "other", "--store", STORE).stdout


def test_a_fork_without_an_agent_is_left_to_a_worker_and_named_on_stdout(cli: Cli) -> None:
    _run(cli)
    result = cli("runs", "fork", "mine", "--at", "3", "--store", STORE)
    made = result.stdout.strip()
    assert document(cli, "runs", "show", made)["status"] == "pending"
    assert f"mainspring runs resume {made} --agent AGENT --store runs.db" in result.stderr


def test_another_model_or_prompt_of_a_fork_needs_an_agent(cli: Cli) -> None:
    _run(cli)
    for option in (("--model", "x"), ("--prompt", "p.prompt.md")):
        result = cli("runs", "fork", "mine", *option, "--store", STORE)
        assert (result.exit_code, "add --agent AGENT" in result.stderr) == (2, True)


def test_a_fork_can_have_another_prompt(cli: Cli) -> None:
    _run(cli, script="[lambda request: request.messages[0].text]")
    Path("p.prompt.md").write_text("Be brief.")
    result = cli(
        *("runs", "fork", "mine", "--at", "3", "--agent", ".", "--prompt", "p.prompt.md", "--store", STORE)
    )
    assert result.stdout == "Be brief.\n"


def test_a_replay_reproduces_every_event(cli: Cli) -> None:
    _run(cli)
    result = cli("runs", "replay", "mine", "--store", STORE)
    assert result.exit_code == 0
    assert re.fullmatch(r"mine: \d+ events, all as recorded\n", result.stdout)
    assert document(cli, "runs", "replay", "mine")["divergence"] is None


def test_a_replay_that_departs_exits_1_and_shows_both_sides(cli: Cli) -> None:
    _run(cli)
    path = write_stored_agent(LOOKING)
    path.write_text(path.read_text().replace("You help.", "You help well."))
    result = cli("runs", "replay", "mine", "--agent", ".", "--store", STORE)
    assert result.exit_code == 1
    assert result.stdout.startswith("mine departs from its record at event 1, run_started: ")
    assert re.search(r'^  - +"text": "You help\."$', result.stdout, re.MULTILINE)
    assert re.search(r'^  \+ +"text": "You help well\."$', result.stdout, re.MULTILINE)
    as_json = cli("runs", "replay", "mine", "--agent", ".", "--store", STORE, "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["divergence"]["seq"] == 1


def test_two_runs_are_compared_step_by_step(cli: Cli) -> None:
    _run(cli)
    _run(cli, name="same")
    _run(cli, script="[use('look', q='17'), 'Another.']", name="other")
    same = cli("runs", "diff", "mine", "same", "--store", STORE).stdout
    assert same.splitlines()[-1] == "the same: 2 steps and the end"
    shown = cli("runs", "diff", "mine", "other", "--store", STORE).stdout.splitlines()
    assert shown[0].startswith("- mine  helper on scripted · finished · 2 steps · ")
    assert "step 1  the same" in shown
    assert shown[shown.index("step 2  differs in answer") :][1:4] == ["  answer", "  - Done.", "  + Another."]
    assert document(cli, "runs", "diff", "mine", "other")["first"] == 1


def test_a_step_that_only_one_of_two_runs_has_is_shown_once(cli: Cli) -> None:
    _run(cli)
    _run(cli, script=PAYING, name="longer")
    shown = cli("runs", "diff", "mine", "longer", "--store", STORE).stdout
    assert "  - Done.\n" in shown
    assert "  + (not over)\n" in shown


def test_a_run_is_handed_on_as_messages_and_as_a_page(cli: Cli) -> None:
    _run(cli)
    result = cli("runs", "export", "mine", "--to", "messages", "--store", STORE)
    assert [said["role"] for said in json.loads(result.stdout)["messages"]][:2] == ["system", "user"]
    page = cli("runs", "export", "mine", "--to", "page", "--out", "page.html", "--store", STORE)
    assert page.stdout == "page.html\n"
    assert "</html>" in Path("page.html").read_text()
    nowhere = cli("runs", "export", "mine", "--to", "page", "--out", "no/page.html", "--store", STORE)
    assert (nowhere.exit_code, nowhere.stderr) == (
        2,
        "error: 'no/page.html' cannot be written: No such file or directory\n",
    )


def test_a_shared_budget_is_opened_raised_and_shown(cli: Cli) -> None:
    opened = cli("runs", "budget", "team", "--usd", "5", "--calls", "10", "--window", "day", "--store", STORE)
    assert opened.stdout.splitlines() == [
        "team  whole again at midnight UTC",
        "dollars     ░░░░░░░░░░░░░░░░░░░░  $0 of $5.00 spent, $5.00 left",
        "model calls ░░░░░░░░░░░░░░░░░░░░  0 of 10 spent, 10 left",
    ]
    cli("runs", "budget", "team", "--usd", "7.5", "--store", STORE)
    team = document(cli, "runs", "budget", "team")
    assert (team["limits"], team["window"]) == ({"usd": "7.5", "model_calls": "10"}, "day")
    cli("runs", "budget", "team", "--window", "month", "--store", STORE)
    shown = cli("runs", "budget", "team", "--store", STORE).stdout
    assert shown.startswith("team  whole again on the first of the month, UTC\n")
    cli("runs", "budget", "team", "--window", "never", "--store", STORE)
    assert cli("runs", "budget", "team", "--store", STORE).stdout.startswith("team\n")
    assert "there is no budget 'mine'" in cli("runs", "budget", "mine", "--store", STORE).stderr
