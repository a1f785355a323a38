"""`mainspring inbox`: what waits for a human, and what becomes of the answers."""

import re

import pytest

from tests.unit.cli import stored
from tests.unit.cli.conftest import Cli
from tests.unit.cli.stored import ASKING, PAYING, STORE, document, question, write_stored_agent


def _ask(cli: Cli, script: str = PAYING, name: str = "mine") -> None:
    write_stored_agent(script)
    assert cli("run", ".", "go", "--store", STORE, "--id", name).exit_code == 4


def _go_on(cli: Cli) -> str:
    return cli("runs", "resume", "mine", "--agent", ".", "--store", STORE).stdout


def test_a_question_is_listed_with_its_call_its_run_and_its_age(cli: Cli) -> None:
    _ask(cli)
    lines = cli("inbox", "list", "--store", STORE).stdout.splitlines()
    assert re.fullmatch(r"[0-9a-f]{12}  approve   mine · helper · \d s ago", lines[0])
    assert lines[1] == '  refund(order="17", amount=3)'


def test_questions_as_json_say_what_can_be_answered(cli: Cli) -> None:
    _ask(cli)
    (item,) = document(cli, "inbox", "list")
    assert item["kind"] == "approval"
    assert item["call"] == {"name": "refund", "arguments": {"order": "17", "amount": 3}}
    assert item["answers"] == ["approve", "deny", "edit"]
    assert item["deadline_at"] is None


def test_the_list_can_be_of_one_run(cli: Cli) -> None:
    _ask(cli)
    _ask(cli, name="other")
    assert [item["run"] for item in document(cli, "inbox", "list")] == ["mine", "other"]
    assert [item["run"] for item in document(cli, "inbox", "list", "--run", "oth")] == ["other"]


def test_an_empty_inbox_says_so_on_stderr(cli: Cli) -> None:
    write_stored_agent("['Done.']")
    cli("run", ".", "go", "--store", STORE)
    result = cli("inbox", "list", "--store", STORE)
    assert (result.stdout, result.stderr) == ("", "nothing waits for a human\n")
    assert document(cli, "inbox", "list") == []


def test_approving_says_what_is_done_and_who_goes_on(cli: Cli) -> None:
    _ask(cli)
    result = cli("inbox", "approve", question(cli)[:5], "--store", STORE)
    assert result.stderr.splitlines() == [
        'approved refund(order="17", amount=3)',
        "mine goes on with a worker of 'helper', or here with",
        "  mainspring runs resume mine --agent AGENT --store runs.db",
    ]
    assert _go_on(cli) == "Paid.\n"


def test_a_denied_call_is_not_made_and_the_model_is_told_why(cli: Cli) -> None:
    _ask(cli, "[use('refund', order='17', amount=3), lambda request: request.messages[-1].parts[0].text]")
    assert cli("inbox", "deny", question(cli), "--reason", "too late", "--store", STORE).exit_code == 0
    assert "too late" in _go_on(cli)
    assert stored.done() == []


def test_a_denial_needs_a_reason(cli: Cli) -> None:
    _ask(cli)
    assert cli("inbox", "deny", question(cli), "--store", STORE).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (["amount=4"], "refund 17 4"),
        (["order=18"], "refund 18 3"),
        (['{"order": "19", "amount": 1}'], "refund 19 1"),
    ],
)
def test_an_edited_call_is_made_with_the_new_arguments(cli: Cli, arguments: list[str], made: str) -> None:
    _ask(cli)
    result = cli("inbox", "edit", question(cli), *arguments, "--store", STORE)
    assert result.stderr.startswith("edited   refund(")
    assert _go_on(cli) == "Paid.\n"
    assert stored.done() == ["look 17", made]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["in", "1999"], "in 1999"), (["1999", "--json-value"], "1999"), (["[1, 2]", "--json-value"], "[1,2]")],
)
def test_an_answer_is_what_the_model_is_told(cli: Cli, arguments: list[str], told: str) -> None:
    _ask(cli, "[use('ask_human', question='Which year?'), lambda request: request.messages[-1].parts[0].text]")
    cli("inbox", "answer", question(cli), *arguments, "--store", STORE)
    assert _go_on(cli) == f"{told}\n"


def test_an_answer_comes_from_stdin(cli: Cli) -> None:
    _ask(cli, ASKING)
    assert cli("inbox", "answer", question(cli), "-", "--store", STORE, words="in 1999\n").exit_code == 0
    _go_on(cli)
    assert "answered by " in cli("runs", "show", "mine", "--store", STORE).stdout


def test_an_answer_that_is_not_json_is_refused(cli: Cli) -> None:
    _ask(cli, ASKING)
    result = cli("inbox", "answer", question(cli), "{", "--json-value", "--store", STORE)
    assert (result.exit_code, result.stderr.startswith("error: the answer is not JSON: ")) == (2, True)


@pytest.mark.parametrize("arguments", [["approve", "ffff"], ["edit", "ffff", "a=1"], ["answer", "ffff", "yes"]])
def test_an_answer_to_nothing_is_refused(cli: Cli, arguments: list[str]) -> None:
    _ask(cli)
    result = cli("inbox", *arguments, "--store", STORE)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: nothing asks for 'ffff'")


def test_an_id_that_may_mean_several_questions_is_refused(cli: Cli) -> None:
    _ask(cli)
    _ask(cli, name="other")
    result = cli("inbox", "approve", "", "--store", STORE)
    assert (result.exit_code, "write more of it" in result.stderr) == (1, True)


def test_an_answer_that_does_not_fit_says_what_does(cli: Cli) -> None:
    _ask(cli)
    result = cli("inbox", "answer", question(cli), "yes", "--store", STORE)
    assert result.exit_code == 1
    assert "answer with approve or deny or edit" in result.stderr


def test_an_answer_is_used_once(cli: Cli) -> None:
    _ask(cli)
    name = question(cli)
    cli("inbox", "approve", name, "--store", STORE)
    assert cli("inbox", "deny", name, "--reason", "no", "--store", STORE).exit_code == 1


def test_who_answered_is_kept(cli: Cli) -> None:
    _ask(cli)
    cli("inbox", "approve", question(cli), "--by", "ada", "--store", STORE)
    events = [entry["event"] for entry in document(cli, "runs", "show", "mine")["events"]]
    assert [event["by"] for event in events if event["type"] == "human_answered"] == ["ada"]
