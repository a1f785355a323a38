"""The whole loop: a teacher's runs train a tiny model of random weights, which is served and held to cases."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from mainspring import Agent, ScriptedModel, tool, use
from mainspring.core import Request
from mainspring.core.messages import ToolCall
from mainspring.fly import Flight, Landing, Progress, figures_of, fly, write_report
from mainspring.train import Job
from mainspring.train.export import export
from tests.training.trained import base, run

pytestmark = [
    pytest.mark.training,
    pytest.mark.timeout(600),
]

N_REQUESTS = 12
N_CASES = 4


@tool(effect="none", trusted=True, answers=True)
def ring(number: int) -> str:
    """Ring a number."""
    return f"rung {number}"


def teach(request: Request) -> ToolCall:
    """Decide rightly."""
    words = request.messages[-1].text
    return use("ring", number=int("".join(char for char in words if char.isdigit())))


def agent(teacher: ScriptedModel) -> Agent:
    return Agent("desk", instructions="Ring.", model=teacher, tools=[ring], max_calls=1, max_steps=1)


def lines(path: Path, *rows: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def flight(tmp_path: Path, teacher: ScriptedModel) -> Flight:
    out = tmp_path / "wheel"
    return Flight(
        agent=agent(teacher),
        student=str(student(tmp_path)),
        out=out,
        requests=lines(
            tmp_path / "requests.jsonl", *({"id": f"r{n}", "question": f"Ring {n}."} for n in range(N_REQUESTS))
        ),
        suite=lines(
            tmp_path / "suite.jsonl",
            *(
                {
                    "id": f"c{n}",
                    "question": f"Call {n}.",
                    "expect": {"calls": [{"name": "ring", "arguments": {"number": n}}]},
                }
                for n in range(90, 90 + N_CASES)
            ),
        ),
        rehearsal=lines(tmp_path / "others.jsonl", {"id": "o1", "question": "Is the sea wide?"}),
        job=Job.model_validate(
            {
                "data": out,
                "base": "x",
                "out": out,
                "learn": "calls",
                "epochs": 1,
                "sequence_tokens": 1024,
                "adapter": {"rank": 4},
            }
        ),
        pool="desk",
    )


def student(tmp_path: Path) -> Path:
    """Write the student as the GGUF file that it is served from."""
    made = tmp_path / "student"
    if not made.exists():
        huggingface = base(tmp_path / "huggingface", "llama", max_position_embeddings=2048)
        exported = export(run(made, huggingface, tmp_path / "cache"), "gguf", quantization="f16")
        assert exported.gguf is not None
    return next(made.rglob("*.gguf"))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSPRING_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")


def test_a_turn_of_the_flywheel_lands_and_the_same_one_again_asks_nobody(tmp_path: Path) -> None:
    told: list[Progress] = []
    teacher = ScriptedModel([teach] * (N_REQUESTS + N_CASES), name="teacher")
    wanted = flight(tmp_path, teacher)

    landing = asyncio.run(fly(wanted, told.append))

    assert landing.gathered is not None
    assert landing.gathered.n_done == N_REQUESTS
    assert sum(landing.n_rows.values()) == N_REQUESTS
    assert landing.gguf is not None
    assert landing.gguf.is_file()
    assert landing.task["teacher"].score == 1.0
    assert [len(landing.task[side].outcomes) for side in ("base", "tuned")] == [N_CASES, N_CASES]
    assert {one.stage for one in told} >= {"gather", "dataset", "rehearse", "train", "export", "evaluate", "decide"}
    _is_refused(landing)
    assert "desk" in write_report(wanted, landing, figures_of(landing, wanted.models(landing))).read_text()

    again = asyncio.run(fly(wanted))

    assert len(teacher.requests) == N_REQUESTS + N_CASES
    assert again.task == landing.task


def _is_refused(landing: Landing) -> None:
    """See that a model of random weights gets no share."""
    assert landing.verdict is not None
    assert not landing.verdict.passed
    assert "is not promoted" in landing.decision
    assert "members" not in (landing.out / "mainspring.toml").read_text()
