"""The example scripts do what they say: on a script in place of the model, and on the embedded model, killed."""

import importlib.util
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mainspring import ScriptedModel, open_runs, use

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def booked() -> list[str]:
    return Path("ledger.txt").read_text(encoding="utf-8").splitlines()


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_resume_example_books_each_invoice_once_however_often_it_is_started() -> None:
    example = load("01_resume")
    calls = [use("book", invoice=invoice) for invoice in ("A-17", "A-18", "A-19")]
    clerk = example.clerk.replace(model=ScriptedModel([calls, "all booked"]))

    assert await example.main(clerk) == "all booked"
    assert await example.main(clerk) == "all booked"
    assert len(booked()) == 3


async def test_the_approval_example_asks_ends_and_goes_on_once_somebody_has_approved() -> None:
    example = load("02_approval")
    support = example.support.replace(model=ScriptedModel([use("refund", order="17", cents=4900), "paid back"]))

    assert "mainspring inbox approve" in await example.main(support)
    async with open_runs("runs.db") as runs:
        (asked,) = await runs.inbox.pending()
        await runs.inbox.approve(asked.id, by="ada")
    assert await example.main(support) == "paid back"


async def test_the_fork_example_gives_another_answer_to_another_result() -> None:
    example = load("03_fork")

    def answer(request: Any) -> Any:
        told = request.messages[-1]
        return ("a coat" if "storm" in told.results[0].text else "a shirt") if told.results else look

    look = use("forecast", city="Bergen")
    outfitter = example.outfitter.replace(model=ScriptedModel([answer] * 9))
    assert await example.main(outfitter) == ("a shirt", "a coat")


@pytest.mark.real_model
@pytest.mark.timeout(900)
def test_the_resume_example_goes_on_after_kill_9_on_the_embedded_model() -> None:
    command = [sys.executable, str(EXAMPLES / "01_resume.py")]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    for line in killed.stdout:
        if line.strip() == "tool_returned":
            break
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    before = booked()

    again = subprocess.run(command, capture_output=True, text=True, check=True)

    ledger = booked()
    assert ledger[: len(before)] == before
    assert len({line.split()[-1] for line in ledger}) == len(ledger)
    assert again.stdout.splitlines()[-2] == "finished"


@pytest.mark.real_model
@pytest.mark.timeout(300)
def test_the_pool_example_loses_no_question_when_a_process_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / "04_pool.py"], capture_output=True, text=True, check=True, timeout=280
    )
    killed, other, *answers = done.stdout.splitlines()
    assert not killed.endswith(" 0 of them failed")
    assert other.endswith(" 0 of them failed")
    assert len(answers) >= 10
