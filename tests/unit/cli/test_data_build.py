"""`mainspring data build`, `compare` and `work`: documents become datasets, by a teacher behind a server."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from benchmarks.data_handbook import handbook
from benchmarks.data_server import served, serving
from mainspring.data.building import Report, State
from mainspring.data.team.prompts import FOLDER
from tests.unit.cli.conftest import Cli
from tests.unit.data.building.made import contents, handbooks, lines

SETTINGS = """
[models]
teacher = {{ provider = "handbooks", model = "truthful-0", price = {{ input = "1", output = "2" }} }}
slow = {{ provider = "handbooks", model = "truthful-20" }}
never = {{ provider = "handbooks", model = "truthful-3600000" }}
referee = {{ provider = "handbooks", model = "truthful-1" }}
liar = {{ provider = "handbooks", model = "lying-0" }}

[providers.handbooks]
base_url = "{url}"
mode = "structured"
"""
OUT = ("--out", "out")
TAUGHT = (*OUT, "--teacher", "teacher", "--judge", "none")
PATIENCE_S = 60


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve teachers."""
    with serving() as served_at:
        yield served_at


@pytest.fixture(autouse=True)
def _settings(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write down who the teachers are, and two handbooks."""
    monkeypatch.setenv("no_proxy", "*")
    Path("mainspring.toml").write_text(SETTINGS.format(url=url))
    handbooks(Path("docs"), 2, n_chapters=1)


def shown(result: Result) -> list[str]:
    """Give the lines of stdout, without alignment."""
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def report_of(result: Result) -> Report:
    """Read the report from stdout."""
    assert result.exit_code == 0, result.stderr
    return Report.model_validate_json(result.stdout)


def started(*arguments: str) -> "subprocess.Popen[str]":
    """Begin a command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "mainspring", "data", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def read_until(process: "subprocess.Popen[str]", words: str) -> None:
    """Read stderr up to a line with these words."""
    assert process.stderr is not None
    while words not in (line := process.stderr.readline()):
        assert line, f"the process ended without {words!r}"


def test_a_folder_becomes_a_dataset_and_a_table_says_what_came_of_it(cli: Cli) -> None:
    result = cli("data", "build", "docs", *OUT, "--teacher", "teacher", "--judge", "referee")
    assert result.exit_code == 0
    n = len(lines(Path("out", "candidates.jsonl")))
    told = shown(result)
    assert told[:3] == [
        f"examples {n} of {n} accepted (100%), in out",
        "passages 2 of 2 asked about, 100% covered",
        "read 2 documents",
    ]
    assert told[3].startswith("judge referee lets 0% of 1")
    assert told[3].endswith("refuses 0% of 12 good ones: its verdicts count")
    assert told[4].startswith("usage ")
    assert "tokens in" in told[5]
    assert "kind accepted made" in told
    assert "\x1b" not in result.stdout + result.stderr


def test_stdout_has_the_report_and_stderr_how_it_went_a_line_each(cli: Cli) -> None:
    result = cli("data", "build", "docs", *TAUGHT)
    stages = [line.split(" · ")[0] for line in result.stderr.splitlines()]
    assert stages == ["reading", "working", "cleaning", "writing"]
    assert "2 documents" in result.stderr.splitlines()[-1]
    assert not any(line in result.stdout for line in result.stderr.splitlines())


def test_json_gives_the_report_and_nothing_else(cli: Cli) -> None:
    result = cli("data", "build", "docs", *TAUGHT, "--json")
    report = report_of(result)
    assert result.stdout.count("\n") == 1
    assert report == Report.model_validate_json(Path("out", "report.json").read_text())
    assert report.models["answer_writer"] == "teacher"


def test_the_same_command_again_asks_nothing(cli: Cli, url: str) -> None:
    cli("data", "build", "docs", *TAUGHT)
    before, written = served(url)["model_calls"], contents(Path("out"))
    again = cli("data", "build", "docs", *TAUGHT)
    assert served(url)["model_calls"] == before
    assert any(line.startswith("now no calls") for line in shown(again))
    assert contents(Path("out")) == written


def test_skipped_files_and_one_document_are_counted_in_good_grammar(cli: Cli) -> None:
    Path("docs", "book 1.md").write_bytes(b"")
    assert "read 1 document, 1 file skipped (skipped.jsonl says why)" in shown(
        cli("data", "build", "docs", *TAUGHT)
    )


def test_what_is_refused_is_counted_by_check(cli: Cli) -> None:
    result = cli("data", "build", "docs", *OUT, "--teacher", "liar", "--judge", "none")
    assert result.exit_code == 0
    told = shown(result)
    assert told[0].startswith("examples 0 of ")
    assert "refused by times" in told
    assert any(line.startswith("numbers ") for line in told)


def test_a_spent_budget_exits_with_3_and_the_same_command_with_more_goes_on(cli: Cli, url: str) -> None:
    before = served(url)["model_calls"]
    stopped = cli("data", "build", "docs", *TAUGHT, "--budget-calls", "5")
    assert stopped.exit_code == 3
    assert "2 of 2 documents are not done: the budget has 0 model calls left" in stopped.stderr
    assert stopped.stdout.startswith("examples ")
    assert served(url)["model_calls"] - before == 5
    whole = report_of(cli("data", "build", "docs", *TAUGHT, "--budget-calls", "500", "--json"))
    assert whole.stopped == ""
    assert served(url)["model_calls"] - before == whole.usage.model_calls == 5 + whole.now.model_calls


def test_one_document_that_is_not_done_is_told_in_good_grammar(cli: Cli) -> None:
    stopped = cli("data", "build", "docs/book 0.md", *TAUGHT, "--budget-calls", "1")
    assert "1 of 1 document is not done" in stopped.stderr


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("--teacher", "nobody"), "there is no model 'nobody'"),
        (("--judge", "nobody"), "there is no model 'nobody'"),
        (("--kind", "riddle"), "--kind 'riddle' is none of factual, how_to"),
        (("--pii", "shred"), "--pii 'shred' is none of redact, refuse, keep"),
        (("--prompt", "judge@7"), "no version '7' of prompt 'judge'"),
        (("--prompt", "jury@1"), "no prompt 'jury' in the team"),
        (("--prompts", "nowhere"), "there is no folder 'nowhere'"),
        (("--format", "parquet"), "there is no format 'parquet'; there are openai"),
        (("--eval", "nowhere.jsonl"), "evaluation set 'nowhere.jsonl' cannot be read"),
    ],
)
def test_what_is_wrong_is_said_with_exit_code_2_before_anything_is_asked(
    cli: Cli, url: str, wrong: tuple[str, str], says: str
) -> None:
    before = served(url)["model_calls"]
    result = cli("data", "build", "docs", *OUT, "--teacher", "teacher", *wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert served(url)["model_calls"] == before


def test_a_source_that_is_not_there_is_said_with_exit_code_2_before_the_judge_is_measured(
    cli: Cli, url: str
) -> None:
    before = served(url)["model_calls"]
    result = cli("data", "build", "nowhere", *OUT, "--teacher", "teacher")
    assert result.exit_code == 2
    assert result.stderr == "error: there is no file or folder 'nowhere'\n"
    assert served(url)["model_calls"] == before
    assert not Path("out").exists()


def test_only_the_kinds_that_are_named_are_asked(cli: Cli) -> None:
    result = cli("data", "build", "docs", *TAUGHT, "--kind", "why", "--kind", "unanswerable", "--json")
    assert set(report_of(result).kinds) <= {"why", "unanswerable"}


def test_questions_over_two_passages_alone_cost_their_concepts_and_themselves(cli: Cli) -> None:
    Path("docs", "book 0.md").write_text(handbook(4))
    report = report_of(cli("data", "build", "docs/book 0.md", *TAUGHT, "--kind", "multi_hop", "--json"))
    n_pairs = report.acceptance.candidates
    assert report.usage.model_calls == 4 + 2 * n_pairs
    assert set(report.kinds) <= {"multi_hop"}


def test_prompts_of_ones_own_go_before_the_shipped_ones_and_an_earlier_version_can_be_named(cli: Cli) -> None:
    words = (FOLDER / "question_writer.v1.prompt.md").read_text(encoding="utf-8")
    Path("mine").mkdir()
    Path("mine", "question_writer.v2.prompt.md").write_text(
        words.replace("version: 1", "version: 2").replace("as a person would", "as a child would")
    )
    mine = report_of(cli("data", "build", "docs", *TAUGHT, "--prompts", "mine", "--json"))
    assert mine.prompts["question_writer"].startswith("2:")
    first = cli("data", "build", "docs", *TAUGHT, "--prompts", "mine", "--prompt", "question_writer@1", "--json")
    assert report_of(first).prompts["question_writer"].startswith("1:")


def test_what_an_evaluation_set_asks_is_refused(cli: Cli) -> None:
    cli("data", "build", "docs", *TAUGHT)
    taken: Any = lines(Path("out", "candidates.jsonl"))[0]["example"]
    Path("exam.jsonl").write_text(json.dumps({"question": taken["question"], "answer": taken["answer"]}) + "\n")
    report = report_of(cli("data", "build", "docs", *TAUGHT, "--eval", "exam.jsonl", "--json"))
    assert report.refusals["contaminated"] >= 1
    assert report.now.model_calls == 0


def test_without_a_judge_named_the_teacher_is_measured_and_with_none_nobody_is(cli: Cli) -> None:
    own = report_of(cli("data", "build", "docs", *OUT, "--teacher", "teacher", "--json"))
    assert own.judge is not None
    assert own.judge.model == "teacher"
    assert report_of(cli("data", "build", "docs", *TAUGHT, "--json")).judge is None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_build_in_good_order_and_the_same_command_goes_on(
    cli: Cli, number: signal.Signals, code: int
) -> None:
    Path("docs", "book 0.md").write_text(handbook(6))
    command = ("build", "docs", *OUT, "--teacher", "slow", "--judge", "none")
    with started(*command, "--concurrency", "1") as process:
        read_until(process, "working")
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert (out, "Traceback" in err) == ("", False)
    assert "stopped; the same command goes on from here" in err
    again = report_of(cli("data", *command, "--json"))
    assert not again.stopped
    assert again.acceptance.accepted == again.acceptance.candidates > 10


def test_two_ways_are_set_side_by_side(cli: Cli) -> None:
    result = cli("data", "compare", "docs", *OUT, "--with", "teacher=teacher", "--with", "teacher=liar")
    assert result.exit_code == 0
    told = shown(result)
    assert told[0] == "teacher=teacher teacher=liar"
    assert "share accepted 100% 0%" in told
    assert Path("out", "teacher=liar", "README.md").exists()


def test_versions_of_a_prompt_share_what_they_ask_alike(cli: Cli, url: str) -> None:
    words = (FOLDER / "answer_writer.v1.prompt.md").read_text(encoding="utf-8")
    Path("mine").mkdir()
    Path("mine", "answer_writer.v2.prompt.md").write_text(
        words.replace("version: 1", "version: 2").replace("one to four", "one to three")
    )
    before = served(url)["model_calls"]
    ways = ("--with", "answer_writer@1", "--with", "answer_writer@2")
    result = cli("data", "compare", "docs", *OUT, "--teacher", "teacher", "--prompts", "mine", *ways, "--json")
    reports = {name: Report.model_validate(report) for name, report in json.loads(result.stdout).items()}
    first, second = reports["answer_writer@1"], reports["answer_writer@2"]
    assert second.now.model_calls == second.acceptance.candidates
    assert served(url)["model_calls"] - before == first.usage.model_calls + second.acceptance.candidates


@pytest.mark.parametrize(
    ("ways", "says"),
    [
        (("teacher=teacher",), "nothing to compare; give --with twice"),
        (("teacher=teacher", "teacher=teacher"), "nothing to compare"),
        (("teacher=teacher", "judge@9"), "no version '9' of prompt 'judge'"),
        (("teacher=teacher", "teacher=nobody"), "there is no model 'nobody'"),
    ],
)
def test_ways_that_cannot_be_compared_are_said_with_exit_code_2(cli: Cli, ways: tuple[str, ...], says: str) -> None:
    given = [word for way in ways for word in ("--with", way)]
    result = cli("data", "compare", "docs", *OUT, "--teacher", "teacher", *given)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_worker_helps_with_the_builds_of_a_store_until_it_is_told_to_stop(cli: Cli) -> None:
    store = ("--store", "shared.db")
    assert cli("data", "build", "docs", *TAUGHT, *store, "--budget-calls", "1").exit_code == 3
    with started("work", *store) as worker:
        read_until(worker, "working on builds, 32 documents and 64 calls at once")
        assert cli("data", "build", "docs", *TAUGHT, *store, "--budget-calls", "500").exit_code == 0
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=PATIENCE_S)
    assert (worker.returncode, out) == (0, "")
    assert "stopped" in err
    assert "Traceback" not in err


def test_a_worker_without_a_store_is_told_so(cli: Cli) -> None:
    result = cli("data", "work", "--store", "nowhere.db")
    assert result.exit_code == 2
    assert "nowhere.db" in result.stderr


def test_a_build_without_a_folder_to_write_is_wrong_usage(cli: Cli) -> None:
    result = cli("data", "build", "docs")
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_what_a_build_says_in_few_columns_is_what_matters_most() -> None:
    from mainspring.cli.views.build import progress_words

    state = State(stage="working", n_files=1, n_documents=1, n_passages=1, n_asked=1, n_candidates=1, n_accepted=1)
    whole = "working · 1 of 1 passage · 1 of 1 example accepted · 1 document"
    assert progress_words(state, 1.0) == whole
    assert progress_words(state, 1.0, 60) == "working · 1 of 1 passage · 1 of 1 example accepted"
    assert progress_words(state, 1.0, 10) == "working"
