"""`mainspring run --store`: a run that outlives the command, waits for humans, has a budget and is gone on with."""

import json
import os
import signal
from pathlib import Path

import pytest

from mainspring.cli.stored.store import DEFAULT
from mainspring.core import decode
from mainspring.runs import DEFAULT_STORE
from tests.unit.cli import stored
from tests.unit.cli.conftest import Cli
from tests.unit.cli.stored import ASKING, BLOCKING, CHARGING, PAYING, STORE, document, question, write_stored_agent


def test_a_run_in_a_store_looks_as_any_other_with_its_id_before_it(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), 'Done.']")
    result = cli("run", ".", "go", "--store", STORE, "--id", "mine")
    assert (result.exit_code, result.stdout) == (0, "Done.\n")
    assert result.stderr.splitlines()[:3] == ["run      mine", 'call     look(q="17")', "result   found 17"]
    assert result.stderr.splitlines()[-1].startswith("2 steps · ")


def test_each_event_of_a_stored_run_is_a_line_of_json(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), 'Done.']")
    lines = [json.loads(line) for line in cli("run", ".", "go", "--store", STORE, "--json").stdout.splitlines()]
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert [decode(line["event"]).type for line in (lines[0], lines[-1])] == ["submitted", "finished"]


def test_a_run_that_waits_exits_4_and_is_gone_on_with_by_the_same_command_once_approved(cli: Cli) -> None:
    write_stored_agent(PAYING)
    command = ("run", ".", "pay", "it", "--store", STORE)
    waits = cli(*command)
    assert (waits.exit_code, waits.stdout) == (4, "")
    name = question(cli)
    assert 'asks     May refund(order="17", amount=3) be called?' in waits.stderr
    assert f"  mainspring inbox approve {name} --store runs.db " in waits.stderr
    assert stored.done() == ["look 17"]
    assert cli("inbox", "approve", name, "--store", STORE).exit_code == 0
    result = cli(*command)
    assert (result.exit_code, result.stdout) == (0, "Paid.\n")
    assert result.stderr.startswith("continuing run_")
    assert "which was answered after 2 steps; --new begins anew" in result.stderr
    assert stored.done() == ["look 17", "refund 17 3"]


def test_a_run_that_still_waits_shows_its_question_again_and_begins_nothing(cli: Cli) -> None:
    write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE)
    again = cli("run", ".", "pay", "--store", STORE)
    assert again.exit_code == 4
    assert "which waits after 2 steps" in again.stderr
    assert "asks     May refund(" in again.stderr
    assert "call     look" not in again.stderr
    assert len(document(cli, "runs", "list")) == 1


def test_what_the_hint_says_drives_the_run_on(cli: Cli) -> None:
    write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE, "--id", "pay")
    cli("inbox", "approve", question(cli), "--store", STORE)
    result = cli("runs", "resume", "pay", "--agent", ".", "--store", STORE)
    assert (result.exit_code, result.stdout) == (0, "Paid.\n")


def test_new_begins_anew(cli: Cli) -> None:
    write_stored_agent(PAYING)
    for _ in range(2):
        assert cli("run", ".", "pay", "--store", STORE, "--new").exit_code == 4
    assert len(document(cli, "runs", "list")) == 2


def test_other_words_begin_another_run(cli: Cli) -> None:
    write_stored_agent(PAYING)
    for words in ("pay", "pay it"):
        cli("run", ".", words, "--store", STORE)
    assert [run["asked"] for run in document(cli, "runs", "list")] == ["pay it", "pay"]


def test_a_finished_run_is_not_gone_on_with_but_by_its_id(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), 'Done.']")
    cli("run", ".", "go", "--store", STORE, "--id", "mine")
    assert cli("run", ".", "go", "--store", STORE, "--id", "mine").stdout == "Done.\n"
    assert stored.done() == ["look 17"]
    cli("run", ".", "go", "--store", STORE)
    assert stored.done() == ["look 17", "look 17"]


def test_an_id_that_names_another_run_is_refused(cli: Cli) -> None:
    write_stored_agent("['Done.']")
    cli("run", ".", "one", "--store", STORE, "--id", "mine")
    for arguments, says in ((["two"], "error: run 'mine' is another one"), (["one", "--new"], "there is a run")):
        result = cli("run", ".", *arguments, "--store", STORE, "--id", "mine")
        assert result.exit_code == 2
        assert says in result.stderr


def test_a_killed_run_is_gone_on_with_and_no_finished_call_is_repeated(cli: Cli) -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    with stored.started("run", ".", "go") as process:
        stored.wait_until_begun()
        process.kill()
    stored.allow()
    assert document(cli, "runs", "list")[0]["is_cut_off"]
    result = cli("run", ".", "go", "--store", STORE)
    assert (result.exit_code, result.stdout) == (0, "Done.\n")
    assert "which was cut off after 2 steps" in result.stderr
    assert "doubt    block was cut off: it is done again" in result.stderr
    assert stored.done() == ["look 17", "block", "block"]


def test_a_call_in_doubt_asks_and_its_result_can_be_told(cli: Cli) -> None:
    write_stored_agent(CHARGING)
    stored.hold()
    with stored.started("run", ".", "go") as process:
        stored.wait_until_begun()
        process.kill()
    stored.allow()
    waits = cli("run", ".", "go", "--store", STORE)
    assert waits.exit_code == 4
    assert "asks     charge was begun and its outcome is not known. Was it done?" in waits.stderr
    assert "# it was done, and this is its result" in waits.stderr
    cli("inbox", "answer", question(cli), "charged", "already", "--store", STORE)
    assert cli("run", ".", "go", "--store", STORE).stdout == "Done.\n"
    assert stored.done() == ["look 17", "charge"]


def test_ctrl_c_lets_the_call_in_progress_end_and_keeps_the_run(cli: Cli) -> None:
    write_stored_agent(CHARGING)
    stored.hold()
    with stored.started("run", ".", "go", "--id", "mine") as process:
        stored.wait_until_begun()
        process.send_signal(signal.SIGINT)
        stored.read_until(process, "stopping: ")
        stored.allow()
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert "mine is kept" in err
    assert "  mainspring runs resume mine --agent . --store runs.db" in err
    assert "Traceback" not in err
    assert document(cli, "runs", "list")[0]["status"] == "pending"
    assert cli("run", ".", "go", "--store", STORE).stdout == "Done.\n"
    assert stored.done() == ["look 17", "charge"]


def test_a_second_ctrl_c_ends_at_once_and_the_run_can_go_on(cli: Cli) -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    with stored.started("run", ".", "go") as process:
        stored.wait_until_begun()
        stored.end_at_once(process, signal.SIGINT)
    assert process.returncode == -signal.SIGINT
    stored.allow()
    assert cli("run", ".", "go", "--store", STORE).stdout == "Done.\n"


def test_a_spent_budget_exits_3_and_the_run_goes_on_once_it_is_raised(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), 'Done.']")
    spent = cli("run", ".", "go", "--store", STORE, "--id", "mine", "--budget-calls", "1")
    assert (spent.exit_code, spent.stdout) == (3, "")
    assert "budget   its own budget has 0 model calls left, and scripted may take 1 model call" in spent.stderr
    assert spent.stderr.splitlines()[-1] == "  mainspring runs resume mine --agent . --calls 2 --store runs.db"
    result = cli("runs", "resume", "mine", "--agent", ".", "--calls", "2", "--store", STORE)
    assert (result.exit_code, result.stdout) == (0, "Done.\n")
    assert stored.done() == ["look 17"]


def test_a_budget_that_asks_waits_for_more(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), 'Done.']")
    waits = cli("run", ".", "go", "--store", STORE, "--budget-calls", "1", "--when-spent", "ask")
    assert waits.exit_code == 4
    name = question(cli)
    assert f"mainspring inbox approve {name} --calls N --store runs.db" in waits.stderr
    cli("inbox", "approve", name, "--calls", "5", "--store", STORE)
    assert cli("run", ".", "go", "--store", STORE).stdout == "Done.\n"


def test_a_shared_budget_that_is_spent_is_raised_by_its_name(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), 'Done.']")
    cli("runs", "budget", "team", "--calls", "1", "--store", STORE)
    spent = cli("run", ".", "go", "--store", STORE, "--id", "mine", "--charge", "team")
    assert spent.exit_code == 3
    assert spent.stderr.splitlines()[-2:] == [
        "  mainspring runs budget team --calls 2 --store runs.db",
        "  mainspring runs resume mine --agent . --store runs.db",
    ]
    cli("runs", "budget", "team", "--calls", "2", "--store", STORE)
    assert cli("runs", "resume", "mine", "--agent", ".", "--store", STORE).stdout == "Done.\n"
    assert document(cli, "runs", "budget", "team")["spent"]["model_calls"] == "2"


def test_a_failed_run_exits_1_and_says_how_it_is_tried_again(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), RuntimeError('no model')]")
    result = cli("run", ".", "go", "--store", STORE, "--id", "mine", "--max-steps", "1")
    assert result.exit_code == 1
    assert "error: agent 'helper' took 1 step without an answer" in result.stderr
    assert result.stderr.splitlines()[-1] == "  mainspring runs resume mine --agent . --store runs.db"


def test_a_bug_shows_its_stack_trace_and_the_run_is_kept(cli: Cli) -> None:
    write_stored_agent("[use('look', q='17'), lambda request: 1 / 0]")
    result = cli("run", ".", "go", "--store", STORE)
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr
    assert "Traceback" in result.stderr
    assert "what failed is tried again by" in result.stderr


def test_what_has_changed_of_the_agent_is_said(cli: Cli) -> None:
    path = write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE)
    cli("inbox", "approve", question(cli), "--store", STORE)
    path.write_text(path.read_text().replace("You help.", "You help well."))
    result = cli("run", ".", "pay", "--store", STORE)
    assert result.stdout == "Paid.\n"
    assert "note     it goes on under what it started with; since then has changed: instructions" in result.stderr


def test_a_question_of_a_run_that_another_one_waits_for_is_shown_and_answered(cli: Cli) -> None:
    path = write_stored_agent(ASKING)
    path.write_text(
        path.read_text()
        + "\nchild, tools = agent, [agent.as_tool(name='ask', description='Asks.')]\n"
        + "agent = Agent('boss', model=says(use('ask', task='find it'), 'It was so.'), tools=tools)\n"
    )
    waits = cli("run", ".", "which?", "--store", STORE, "--id", "top")
    assert waits.exit_code == 4
    assert "child    helper works on: find it" in waits.stderr
    assert "asks     top." in waits.stderr
    answered = cli("inbox", "answer", question(cli), "1999", "--store", STORE)
    assert "top goes on with a worker of 'boss'" in answered.stderr
    result = cli("run", ".", "which?", "--store", STORE)
    assert (result.exit_code, result.stdout) == (0, "It was so.\n")
    assert " has its answer (2 model calls, $0 (local))" in result.stderr


def test_a_wait_for_time_is_waited_out(cli: Cli) -> None:
    write_stored_agent("[use('wait', seconds=0.01), 'Done.']")
    result = cli("run", ".", "go", "--store", STORE)
    assert result.stdout == "Done.\n"
    assert "waits    10 ms, until " in result.stderr


def test_the_environment_names_the_store_and_hints_leave_it_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSPRING_STORE", "kept.db")
    write_stored_agent(PAYING)
    waits = cli("run", ".", "pay", "--id", "mine")
    assert Path("kept.db").is_file()
    assert waits.stderr.splitlines()[-1] == "  mainspring runs resume mine --agent ."


def test_without_a_store_a_run_is_kept_nowhere(cli: Cli) -> None:
    write_stored_agent("['Done.']")
    assert cli("run", ".", "go").stdout == "Done.\n"
    assert not list(Path().glob("*.db"))


@pytest.mark.parametrize(
    "option", [("--id", "x"), ("--new",), ("--budget-calls", "1"), ("--charge", "team"), ("--when-spent", "ask")]
)
def test_names_and_budgets_need_a_store(cli: Cli, option: tuple[str, ...]) -> None:
    write_stored_agent("['never']")
    result = cli("run", ".", "go", *option)
    assert result.exit_code == 2
    assert "add --store FILE" in result.stderr


@pytest.mark.parametrize("amount", ["much", "-1", "NaN"])
def test_an_amount_that_is_none_is_refused(cli: Cli, amount: str) -> None:
    write_stored_agent("['never']")
    result = cli("run", ".", "go", "--store", STORE, "--budget-usd", amount)
    assert result.exit_code == 2
    assert "is no amount of US dollars" in result.stderr


def test_a_store_that_cannot_be_opened_is_an_error_in_one_line(cli: Cli) -> None:
    write_stored_agent("['never']")
    Path(STORE).write_text("this is no database, and long enough to be looked at as one" * 20)
    result = cli("run", ".", "go", "--store", STORE)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: the store 'runs.db'")
    assert "Traceback" not in result.stderr


def test_the_default_store_is_that_of_the_library() -> None:
    assert DEFAULT == DEFAULT_STORE


def test_a_run_that_somebody_drives_is_left_alone(cli: Cli) -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    with stored.started("run", ".", "go", "--id", "theirs") as process:
        stored.wait_until_begun()
        write_stored_agent("['Mine.']")
        result = cli("run", ".", "go", "--store", STORE)
        stored.allow()
        out, _ = process.communicate()
    assert (result.stdout, out) == ("Mine.\n", "Done.\n")
    assert "beginning another run of these words: theirs is being driven" in result.stderr


def test_a_command_drives_no_other_runs_of_the_store(cli: Cli) -> None:
    write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE, "--id", "other")
    cli("inbox", "approve", question(cli), "--store", STORE)
    write_stored_agent("['Mine.']")
    assert cli("run", ".", "go", "--store", STORE).stdout == "Mine.\n"
    assert document(cli, "runs", "show", "other")["status"] == "pending"


def test_a_password_of_a_store_is_not_shown() -> None:
    from mainspring.cli.stored.store import typed

    assert typed("postgresql://ada:secret@host/db", "runs", "list") == (
        "mainspring runs list --store postgresql://ada@host/db"
    )
    assert os.environ.get("MAINSPRING_STORE") is None
