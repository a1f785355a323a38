"""The stages of the flywheel: a teacher is asked once, a base says what it knows, a suite is the agent's."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from mainspring import Agent, ScriptedModel, open_runs, tool, use
from mainspring.core import Answer
from mainspring.core.errors import ConfigError, ModelUnavailable
from mainspring.evals import Case, hold, load_suite
from mainspring.fly.asking import ESCALATED, as_asked_by, run_by
from mainspring.fly.gathering import gather
from mainspring.fly.rehearsing import rehearse
from mainspring.fly.requests import Request, read_requests


@tool(effect="none", answers=True)
def ring(number: int) -> str:
    """Ring somebody."""
    return f"rung {number}"


def as_asked(question: str, answer: str) -> str:
    """Say what is wrong with an answer."""
    return "" if answer.rsplit(maxsplit=1)[-1] in question else "the number is another"


def desk(*script: object, name: str = "teacher") -> Agent:
    model = ScriptedModel(script, name=name)  # type: ignore[arg-type]  # lines of a script
    return Agent(
        "desk", instructions="Ring whom they want.", model=model, tools=[ring], judge=as_asked, max_calls=1
    )


def written(path: Path, *lines: Mapping[str, object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


CASES: list[dict[str, object]] = [
    {"id": "a", "question": "Ring 12.", "expect": {"calls": [{"name": "ring", "arguments": {"number": 12}}]}},
    {"id": "b", "question": "Ring 34.", "expect": {"calls": [{"name": "ring", "arguments": {"number": 34}}]}},
]


async def test_a_request_that_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    first = [Request(id="a", question="Ring 1.")]
    both = [*first, Request(id="b", question="Ring 2.")]
    agent = desk(use("ring", number=1), use("ring", number=2))

    async with open_runs(str(tmp_path / "runs.db"), agents=[agent]) as runs:
        assert (await gather(runs, agent, first)).n_done == 1
        assert (await gather(runs, agent, both)).n_done == 2


async def test_a_request_that_cannot_be_answered_is_counted_and_the_others_are_answered(tmp_path: Path) -> None:
    agent = desk(ModelUnavailable("gone"), use("ring", number=2))

    async with open_runs(str(tmp_path / "runs.db"), agents=[agent]) as runs:
        gathered = await gather(
            runs, agent, [Request(id="a", question="Ring 1."), Request(id="b", question="Ring 2.")]
        )

    assert (gathered.n_done, gathered.n_failed) == (1, 1)


async def test_what_a_base_says_is_kept_and_a_row_that_was_cut_off_is_asked_again(tmp_path: Path) -> None:
    out = tmp_path / "rehearsal.jsonl"
    asked = [Request(id="a", question="Who?"), Request(id="b", question="Where?")]
    await rehearse(ScriptedModel([Answer(value="Ada", thought="a name")]), asked[:1], out)
    whole = out.read_bytes()
    out.write_bytes(whole + b'{"id": "b", "mess')

    assert await rehearse(ScriptedModel(["There."]), asked, out) == 2

    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert out.read_bytes().startswith(whole)
    assert [row["messages"][1]["content"] for row in rows] == ["Ada", "There."]
    assert rows[0]["messages"][1]["reasoning_content"] == "a name"


async def test_a_question_whose_reply_cannot_be_used_is_asked_once(tmp_path: Path) -> None:
    out = tmp_path / "rehearsal.jsonl"
    asked = [Request(id="a", question="Who?"), Request(id="b", question="Where?")]
    assert await rehearse(ScriptedModel([use("ring", number=1), "There."]), asked, out) == 1
    written = out.read_bytes()

    assert await rehearse(ScriptedModel([]), asked, out) == 1
    assert out.read_bytes() == written


def test_lines_that_are_no_requests_are_told_of_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text('{"id": "a", "question": "Who?"}\n\nnothing\n{"id": "b"}\n{"id": "c", "question": "Why?"}\n')
    told: list[str] = []

    found = read_requests(path, told.append)

    assert [request.id for request in found] == ["a", "c"]
    assert [words.split(": ")[0] for words in told] == [f"{path}:3", f"{path}:4"]


def test_a_file_without_requests_is_refused_with_what_one_looks_like(tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("\n")

    with pytest.raises(ConfigError, match="holds no request"):
        read_requests(tmp_path / "none.jsonl")
    with pytest.raises(ConfigError, match="second request"):
        read_requests(written(tmp_path / "two.jsonl", *[{"id": "a", "question": "?"}] * 2))


def test_cases_are_asked_under_the_words_and_with_the_tools_of_the_agent(tmp_path: Path) -> None:
    agent = desk()
    suite = as_asked_by(agent, load_suite(str(written(tmp_path / "suite.jsonl", *CASES))))

    for case in suite.cases:
        assert isinstance(case, Case)
        assert [message.role for message in case.asked.messages] == ["system", "user"]
        assert case.asked.messages[0].text == "Ring whom they want."
        assert [spec.name for spec in case.asked.options.tools] == ["ring"]
        assert case.asked.options.max_calls == 1


async def test_an_agent_is_held_to_cases_with_the_model_it_escalates_to(tmp_path: Path) -> None:
    small = ScriptedModel([use("ring", number=12), use("ring", number=99)], name="small")
    agent = desk().replace(model=small, escalate=ScriptedModel([use("ring", number=34)], name="large"))
    suite = run_by(agent, load_suite(str(written(tmp_path / "suite.jsonl", *CASES))))

    held = await hold(suite, small, concurrency=1)

    assert held.score == 1.0
    assert [ESCALATED in one.tags for one in held.outcomes] == [False, True]
    assert held.outcomes[0].said == [{"name": "ring", "arguments": {"number": 12}}]


async def test_what_the_judge_lets_nobody_say_is_wrong(tmp_path: Path) -> None:
    small = ScriptedModel([use("ring", number=99)] * 9, name="small")
    suite = run_by(desk().replace(model=small), load_suite(str(written(tmp_path / "suite.jsonl", CASES[0]))))

    held = await hold(suite, small, concurrency=1)

    assert held.outcomes[0].score < 1


async def test_a_case_with_a_tool_that_the_agent_has_not_is_decided_by_the_agent_too(tmp_path: Path) -> None:
    parameters = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
    knock = {"type": "function", "function": {"name": "knock", "description": "Knock.", "parameters": parameters}}
    expected = {"calls": [{"name": "knock", "arguments": {"number": 12}}]}
    case = {"id": "a", "question": "Knock at 12.", "tools": [knock], "expect": expected}
    small = ScriptedModel([use("knock", number=13)], name="small")
    agent = desk().replace(model=small, escalate=ScriptedModel([use("knock", number=12)], name="large"))

    held = await hold(run_by(agent, load_suite(str(written(tmp_path / "suite.jsonl", case)))), small)

    assert held.score == 1.0
    assert held.outcomes[0].tags == (ESCALATED,)


async def test_cases_act_on_nothing(tmp_path: Path) -> None:
    rung: list[int] = []

    @tool(name="ring", effect="egress", authority=())
    def really_ring(number: int) -> str:
        rung.append(number)
        return f"rung {number}"

    model = ScriptedModel([use("ring", number=12)])
    agent = Agent("desk", instructions="Ring whom they want.", model=model, tools=[really_ring])

    held = await hold(run_by(agent, load_suite(str(written(tmp_path / "suite.jsonl", CASES[0])))), model)

    assert held.score == 1.0
    assert rung == []
