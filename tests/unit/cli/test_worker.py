"""`mainspring worker`: drives what others have handed in, and gives it back when it is told to stop."""

import json
import signal

from tests.unit.cli import stored
from tests.unit.cli.conftest import Cli
from tests.unit.cli.stored import BLOCKING, PAYING, STORE, document, question, write_stored_agent


def _cut_off_in_a_call(name: str) -> None:
    """Leave a run behind whose process was killed in the middle of a call."""
    with stored.started("run", ".", "go", "--id", name) as process:
        stored.wait_until_begun()
        process.kill()


def test_a_worker_told_to_stop_gives_its_run_back_and_a_second_one_finishes_it(cli: Cli) -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    _cut_off_in_a_call("mine")
    with stored.started("worker", ".", "--grace", "0") as first:
        stored.wait_until_begun()
        first.send_signal(signal.SIGTERM)
        _, err = first.communicate()
    assert first.returncode == 0
    assert "driving runs of helper in runs.db, 100 at once" in err
    assert "run mine of helper is given back" in err
    assert "Traceback" not in err
    assert document(cli, "runs", "show", "mine")["status"] == "pending"
    stored.allow()
    with stored.started("worker", ".") as second:
        result = cli("runs", "tail", "mine", "--store", STORE)
        second.send_signal(signal.SIGTERM)
        second.communicate()
    assert (result.exit_code, result.stdout, second.returncode) == (0, "Done.\n", 0)
    assert stored.done() == ["look 17", "block", "block", "block"]


def test_what_is_in_progress_comes_to_its_end_within_the_grace(cli: Cli) -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    _cut_off_in_a_call("mine")
    with stored.started("worker", ".", "--grace", "60") as worker:
        stored.wait_until_begun()
        worker.send_signal(signal.SIGINT)
        stored.read_until(worker, "stopping: what is in progress has 60 s")
        stored.allow()
        worker.communicate()
    assert worker.returncode == 0
    events = [entry["event"]["type"] for entry in document(cli, "runs", "show", "mine")["events"]]
    assert events[-1] == "tool_returned"


def test_a_worker_that_is_hung_up_on_begins_anew_with_the_agent_as_it_is_then(cli: Cli) -> None:
    file = write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE, "--id", "mine")
    with stored.started("worker", ".") as worker:
        stored.read_until(worker, "driving runs of helper")
        file.write_text(file.read_text().replace("Paid.", "Paid at last."))
        worker.send_signal(signal.SIGHUP)
        stored.read_until(worker, "stopped, to begin anew")
        stored.read_until(worker, "driving runs of helper")
        cli("inbox", "approve", question(cli), "--store", STORE)
        stored.read_until(worker, "finished")
        worker.send_signal(signal.SIGTERM)
        worker.communicate()
    assert worker.returncode == 0
    assert document(cli, "runs", "show", "mine")["answer"] == "Paid at last."


def test_a_second_signal_ends_a_worker_at_once() -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    _cut_off_in_a_call("mine")
    with stored.started("worker", ".", "--grace", "60") as worker:
        stored.wait_until_begun()
        stored.end_at_once(worker, signal.SIGTERM)
    assert worker.returncode == -signal.SIGTERM


def test_a_worker_whose_log_nobody_reads_any_more_stops_as_any_other() -> None:
    write_stored_agent(BLOCKING)
    stored.hold()
    _cut_off_in_a_call("mine")
    with stored.started("worker", ".", "--grace", "0") as worker:
        stored.wait_until_begun()
        assert worker.stderr is not None
        worker.stderr.close()
        worker.send_signal(signal.SIGTERM)
        worker.wait()
    assert worker.returncode == 0


def test_a_worker_goes_on_with_a_run_that_is_answered_and_logs_json(cli: Cli) -> None:
    write_stored_agent(PAYING)
    cli("run", ".", "pay", "--store", STORE, "--id", "mine")
    with stored.started("worker", ".", "--log-json") as worker:
        stored.read_until(worker, "driving runs of helper")
        cli("inbox", "approve", question(cli), "--store", STORE)
        lines = [stored.read_until(worker, "is driven"), stored.read_until(worker, "finished")]
        worker.send_signal(signal.SIGTERM)
        worker.communicate()
    assert worker.returncode == 0
    assert document(cli, "runs", "show", "mine")["answer"] == "Paid."
    records = [json.loads(line) for line in lines]
    assert [(record["level"], record["run"], record["agent"]) for record in records] == [
        ("info", "mine", "helper")
    ] * 2


def test_a_worker_of_an_agent_that_is_not_there_is_refused(cli: Cli) -> None:
    result = cli("worker", "nowhere", "--store", STORE)
    assert result.exit_code == 2
    assert "there is no agent 'nowhere'" in result.stderr


def test_two_agents_of_one_name_are_refused(cli: Cli) -> None:
    write_stored_agent(PAYING)
    other = write_stored_agent(PAYING, name="other.py")
    other.write_text(other.read_text().replace("tools=[look, ", "tools=["))
    result = cli("worker", ".", "other.py", "--store", STORE)
    assert result.exit_code == 2
    assert "two agents are called 'helper'" in result.stderr
