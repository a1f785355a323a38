"""Suites from files, datasets and Python; what is wrong in them is told by file and line."""

import json
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import JsonValue

from mainspring import ScriptedModel, use
from mainspring.core import Message
from mainspring.core.errors import ConfigError
from mainspring.evals import Case, hold, load_suite, read_files
from mainspring.prompts import Prompt
from tests.unit.evals.making import ADD, CAPITAL, SUM, write_suite

ROW: JsonValue = {
    "messages": [
        {"role": "system", "content": "You add."},
        {"role": "user", "content": "2 and 3?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "x", "type": "function", "function": {"name": "add", "arguments": '{"a": 2, "b": 3}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "x", "content": "5"},
        {"role": "assistant", "content": "It is 5."},
    ],
    "tools": [ADD],
}


def test_a_folder_is_one_suite_with_the_settings_of_its_toml(tmp_path: Path) -> None:
    write_suite(tmp_path / "a.jsonl", SUM)
    write_suite(tmp_path / "b.jsonl", {"question": "2 and 3?", "expect": {"answer": 5}})
    (tmp_path / "suite.toml").write_text(
        'name = "sums"\nscorer = "numeric"\nsampling = { max_output_tokens = 9 }\n'
    )
    suite = load_suite(str(tmp_path))
    assert suite.name == "sums"
    assert [case.id for case in suite.cases] == ["sum", "b.jsonl:1"]
    last = suite.cases[1]
    assert isinstance(last, Case)
    assert type(last.expected).__name__ == "Numeric"
    assert (last.sampling.temperature, last.sampling.max_output_tokens) == (0, 9)


def test_broken_lines_are_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(
        "\n".join(
            [
                json.dumps(CAPITAL),
                "{",
                "[]",
                json.dumps({"question": "?", "expect": {"answer": "a"}, "tag": []}),
                json.dumps({"question": "?", "expect": {"answer": "a"}, "scorer": "magic"}),
                json.dumps({"question": "?", "expect": {"calls": []}}),
                json.dumps({"messages": [{"role": "assistant", "content": "hi"}], "expect": {"answer": "a"}}),
                json.dumps({"question": "?", "tools": [{"type": "function"}], "expect": {"answer": "a"}}),
                json.dumps(CAPITAL),
            ]
        )
    )
    problems = read_files(path).problems
    starts = [problem.split(": ")[0] for problem in problems]
    assert starts == [
        *(f"bad.jsonl:{line}" for line in range(2, 9)),
        "two cases have the id 'capital'; give one of them another",
    ]
    assert "there is no scorer 'magic'" in problems[3]
    with pytest.raises(ConfigError, match=r"8 broken lines\nbad.jsonl:2: (.|\n)*and 3 more: mainspring eval check"):
        load_suite(str(path))


def test_the_split_that_a_dataset_holds_out_is_a_suite(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text("{}")
    write_suite(tmp_path / "train-00000.jsonl", ROW, ROW)
    write_suite(tmp_path / "validation-00000.jsonl", ROW)
    (case,) = load_suite(str(tmp_path)).cases
    assert isinstance(case, Case)
    assert case.id == "validation-00000.jsonl:1"
    assert [message.role for message in case.asked.messages] == ["system", "user", "assistant", "tool"]
    assert case.asked.messages[2].calls[0].arguments == {"a": 2, "b": 3}
    assert type(case.expected).__name__ == "Overlap"


async def test_every_decision_of_a_conversation_can_be_a_case_of_its_own(tmp_path: Path) -> None:
    path = write_suite(tmp_path / "rows.jsonl", ROW)
    model = ScriptedModel([use("add", a=2, b=3), "it is 5"])
    held = await hold(load_suite(str(path), "every"), model, concurrency=1)
    assert [(one.case, one.score) for one in held.outcomes] == [("rows.jsonl:1/2", 1), ("rows.jsonl:1/4", 1)]
    assert [case.id for case in load_suite(str(path), "calls").cases] == ["rows.jsonl:1/2"]


def test_a_dataset_that_holds_nothing_out_says_so(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text("{}")
    write_suite(tmp_path / "train-00000.jsonl", ROW)
    with pytest.raises(ConfigError, match="holds nothing out"):
        load_suite(str(tmp_path))


async def test_a_python_file_measures_whatever_it_wants(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        dedent("""
            from mainspring import Agent, tool
            from mainspring.evals import Outcome

            @tool
            def add(a: int, b: int) -> int:
                '''Add.'''
                return a + b

            async def sums(model):
                result = await Agent("adder", instructions="Add.", model=model, tools=[add]).run("2 and 3?")
                return Outcome(case="", score=result.output == "5", said=result.output, tags=("agents",))

            both = [sums]
        """)
    )
    model = ScriptedModel([use("add", a=2, b=3), "5"])
    held = await hold(load_suite(f"{path}:both"), model)
    assert [(one.case, one.score, one.said, one.tags) for one in held.outcomes] == [("sums", 1, "5", ("agents",))]
    assert load_suite(f"{path}:sums").digest == load_suite(f"{path}:both").digest
    with pytest.raises(ConfigError, match=r"'add' in .* is Tool"):
        load_suite(f"{path}:add")


def test_another_case_makes_another_suite_and_another_prompt_does_not(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", SUM, CAPITAL)))
    changed = load_suite(str(write_suite(tmp_path / "s.jsonl", SUM, {**CAPITAL, "expect": {"answer": "Rome"}})))  # type: ignore[dict-item]
    told = suite.told(Prompt("Be brief.", name="brief", version=2))
    assert len({suite.digest, changed.digest, suite.limited(1).digest}) == 3
    assert told.digest == suite.digest
    assert told.prompt.startswith("brief@2 ")
    assert isinstance(told.cases[0], Case)
    assert told.cases[0].asked.messages[0] == Message.system("Be brief.")


def test_what_is_no_suite_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no suite"):
        load_suite(str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"has no \.jsonl files"):
        load_suite(str(tmp_path))
    (tmp_path / "s.jsonl").write_text("\n")
    with pytest.raises(ConfigError, match="there are no cases"):
        load_suite(str(tmp_path))
    (tmp_path / "suite.toml").write_text("scorer = 'magic'")
    with pytest.raises(ConfigError, match="no scorer 'magic'"):
        load_suite(str(tmp_path))
