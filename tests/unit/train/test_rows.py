"""Rows: what a job learns from, in the words that the served model sees."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mainspring import Agent, ChatModel, tool
from mainspring.core import Message, Options
from mainspring.core.errors import ConfigError
from mainspring.models.modes import MODES, ModeName
from mainspring.train import Job
from mainspring.train.folder import Row, RunFolder
from mainspring.train.rows import prepare_rows, write_rows
from tests.unit.models.wire import Serve, said

ASKS = {"role": "user", "content": "What is 2 and 3?"}
CALLS = {
    "role": "assistant",
    "content": "I have to add.",
    "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"b": 3, "a": 2}'}},
    ],
}
TOLD = {"role": "tool", "tool_call_id": "a", "content": "5"}
ANSWERS = {"role": "assistant", "content": "It is 5."}
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add.",
        "parameters": {
            "type": "object",
            "properties": {
                "a": {"type": "integer"},
                "b": {"type": "integer", "default": 1},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["a"],
        },
    },
}
ACTED: dict[str, Any] = {"messages": [ASKS, CALLS, TOLD, ANSWERS], "tools": [ADD]}


@tool(effect="none", authority=[])
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


def dataset(folder: Path, *rows: dict[str, Any] | str, split: str = "train") -> Path:
    """Write a shard."""
    folder.mkdir(exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / f"{split}-00000.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def job(data: Path, **settings: Any) -> Job:
    """Make a job of which only the rows matter."""
    return Job(data=data, base="base", out=data.parent / "out", **settings)


def only(data: Path, **settings: Any) -> Row:
    """Give the one row that is learnt from."""
    (row,) = prepare_rows(job(data, **settings)).train
    return row


def words(row: Row) -> list[tuple[str, str]]:
    """Give who says what."""
    return [(turn.role, turn.content) for turn in row.messages]


@pytest.mark.parametrize("mode", ["structured", "text"])
async def test_a_row_of_a_run_is_what_the_model_was_sent_in_that_run(
    mode: ModeName, serve: Serve, tmp_path: Path
) -> None:
    replies = {
        "structured": (
            '{"thought": "", "calls": [{"tool": "add", "arguments": {"a": 2, "b": 3}}]}',
            '{"thought": "", "answer": "It is 5."}',
        ),
        "text": (
            'Thought: \nAction: add\nAction Input: {"a":2,"b":3}',
            "Final Answer: It is 5.",
        ),
    }[mode]
    wire = await serve(*map(said, replies))
    agent = Agent(
        name="adder", instructions="You add.", tools=[add], model=ChatModel("m", base_url=wire.base_url, mode=mode)
    )
    result = await agent.run("What is 2 and 3?")
    native = MODES["native"]
    conversation = [Message.system("You add."), *(replace(one, raw=None) for one in result.messages)]
    data = dataset(
        tmp_path / "data",
        {
            "messages": [one for message in conversation for one in native.wire(message)],
            "tools": native.fields(Options(tools=(add.spec,)))["tools"],
        },
    )

    row = only(data, mode=mode)

    asked = wire.bodies[-1]["messages"]
    assert words(row) == [(one["role"], one["content"]) for one in asked] + [("assistant", replies[1])]
    assert [turn.learn for turn in row.messages] == [False, False, True, False, True]


def test_a_call_that_failed_is_told_as_the_served_model_is_told(tmp_path: Path) -> None:
    failed = {**ACTED, "messages": [ASKS, CALLS, {**TOLD, "content": "no such number", "is_error": True}, ANSWERS]}

    row = only(dataset(tmp_path / "data", failed))

    assert "Error from add: no such number" in [text for _, text in words(row)][3]


def test_a_call_has_every_argument_in_the_order_of_its_schema(tmp_path: Path) -> None:
    bare = json.loads(json.dumps(ACTED).replace('{\\"b\\": 3, \\"a\\": 2}', '{\\"a\\": 2}'))
    row = only(dataset(tmp_path / "data", bare))
    assert row.messages[2].content == (
        '{"thought": "", "calls": [{"tool": "add", "arguments": {"a": 2, "b": 1, "note": null}}]}'
    )


def test_thoughts_are_learnt_where_they_are_wanted(tmp_path: Path) -> None:
    row = only(dataset(tmp_path / "data", ACTED), thoughts=True)
    assert json.loads(row.messages[2].content)["thought"] == "I have to add."


@pytest.mark.parametrize(
    ("learn", "learnt"),
    [
        ("replies", [False, False, True, False, True]),
        ("last_reply", [False, False, False, False, True]),
        ("calls", [False, False, True]),
        ("all", [True, True, True, True, True]),
    ],
)
def test_learn_says_which_turns_count_and_a_row_ends_with_the_last_of_them(
    learn: str, learnt: list[bool], tmp_path: Path
) -> None:
    row = only(dataset(tmp_path / "data", ACTED), learn=learn)
    assert [turn.learn for turn in row.messages] == learnt


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]},
        {"prompt": "Why?", "completion": "So."},
        {
            "prompt": [{"role": "user", "content": "Why?"}],
            "completion": [{"role": "assistant", "content": "So."}],
        },
        {"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}]},
        {"instruction": "Why?", "input": "", "output": "So."},
    ],
)
def test_a_plain_conversation_keeps_its_words_in_every_format(fields: dict[str, Any], tmp_path: Path) -> None:
    assert words(only(dataset(tmp_path / "data", fields))) == [("user", "Why?"), ("assistant", "So.")]


def test_broken_lines_are_named_and_the_others_taken(tmp_path: Path) -> None:
    unknown_call = json.loads(json.dumps(ACTED).replace('"name": "add", "arguments"', '"name": "sub", "arguments"'))
    data = dataset(
        tmp_path / "data",
        {"instruction": "Why?", "output": "So."},
        "{",
        {"text": "words"},
        {"messages": [ASKS]},
        unknown_call,
        {"prompt": [ASKS], "chosen": [ANSWERS], "rejected": [ANSWERS]},
        {"messages": [ASKS, {**ANSWERS, "role": "assistent"}]},
    )

    prepared = prepare_rows(job(data))

    assert [row.id for row in prepared.train] == ["train-00000.jsonl:1"]
    assert [one.place for one in prepared.broken] == [f"train-00000.jsonl:{n}" for n in range(2, 8)]
    says = [one.says for one in prepared.broken]
    assert says[0].startswith("it is not JSON")
    assert "['text']" in says[1]
    assert says[2] == "nobody answers in it"
    assert says[3] == "it calls 'sub', which is none of its tools"
    assert "prefer" in says[4]
    assert says[5].startswith("messages.1.role")


def test_a_dataset_of_broken_lines_alone_is_refused_with_the_first_of_them(tmp_path: Path) -> None:
    data = dataset(tmp_path / "data", "{", "[]")
    with pytest.raises(ConfigError, match=r"the first of 2, train-00000.jsonl:1: it is not JSON"):
        prepare_rows(job(data))


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no dataset"):
        prepare_rows(job(tmp_path))


def test_native_rows_leave_tools_and_calls_to_the_template(tmp_path: Path) -> None:
    row = only(dataset(tmp_path / "data", ACTED), mode="native")

    assert words(row) == [("user", "What is 2 and 3?"), ("assistant", ""), ("tool", "5"), ("assistant", "It is 5.")]
    assert [tool.name for tool in row.tools] == ["add"]
    asks, acts, told, _ = [turn.message for turn in row.messages]
    assert asks == ASKS
    assert acts["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "add", "arguments": {"a": 2, "b": 3, "note": None}}}
    ]
    assert (told["tool_call_id"], told["name"]) == ("a", "add")


def test_thoughts_of_native_rows_stand_beside_the_calls(tmp_path: Path) -> None:
    row = only(dataset(tmp_path / "data", ACTED), mode="native", thoughts=True)

    assert row.messages[1].content == "I have to add."


def test_without_a_validation_split_a_tenth_is_held_out_and_stays_out_when_rows_are_added(tmp_path: Path) -> None:
    rows = [{"instruction": f"Question {n}?", "output": f"Answer {n // 2}."} for n in range(400)]

    some = prepare_rows(job(dataset(tmp_path / "some", *rows[:200])))
    more = prepare_rows(job(dataset(tmp_path / "more", *reversed(rows))))

    assert 10 <= len(some.validation) <= 30
    asked = [{row.messages[0].content for row in side.validation} for side in (some, more)]
    assert asked[0] <= asked[1]
    assert len(some.train) + len(some.validation) == 200
    assert f"{len(some.validation)} of 200 rows are held out" in some.remarks[0]


def test_a_validation_split_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    data = dataset(tmp_path / "data", {"instruction": "Why?", "output": "So."})
    dataset(data, {"instruction": "How?", "output": "Thus."}, split="validation")
    prepared = prepare_rows(job(data))
    assert [row.id for row in prepared.validation] == ["validation-00000.jsonl:1"]
    assert prepared.remarks == ()


def test_rehearsal_rows_make_up_their_share_of_the_whole_in_a_seeded_order(tmp_path: Path) -> None:
    data = dataset(tmp_path / "data", *[ACTED] * 14, split="train")
    dataset(data, ACTED, split="validation")
    general = dataset(tmp_path / "general", *[{"instruction": f"Fact {n}?", "output": "Yes."} for n in range(50)])
    settings = {"rehearsal": general, "rehearsal_share": 0.3, "learn": "calls", "seed": 3}

    prepared = prepare_rows(job(data, **settings))

    assert prepared.n_rehearsal == 6
    is_other = [row.id.startswith("rehearsal/") for row in prepared.train]
    assert sum(is_other) == 6
    assert is_other != sorted(is_other)
    assert all(row.messages[-1].learn for row in prepared.train)
    assert prepare_rows(job(data, **settings)) == prepared
    assert prepare_rows(job(data, **{**settings, "seed": 4})).train != prepared.train


def test_written_rows_are_read_back_as_they_were(tmp_path: Path) -> None:
    prepared = prepare_rows(job(dataset(tmp_path / "data", ACTED)))
    folder = RunFolder(tmp_path / "out")
    write_rows(prepared, folder)
    lines = folder.rows("train").read_text().splitlines()
    assert tuple(Row.model_validate_json(line) for line in lines) == prepared.train
    assert folder.rows("validation").read_text() == ""
