"""The formats: which rows they make of an example, what they leave out, and what is wrong with a row."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core import JsonObject
from mainspring.data import Candidate
from mainspring.data.writing import FORMATS, Decision, FormatName, Words, choose, format_of, write_dataset
from tests.unit.data.writing.folders import CALL, TOOL, candidate, conversation, document, lines, write_folder

PUMP = document()
USER: JsonObject = {"role": "user", "content": "How much?"}
ASSISTANT: JsonObject = {"role": "assistant", "content": "40 litres."}
SYSTEM: JsonObject = {"role": "system", "content": "Be brief."}
CALLS: JsonObject = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT: JsonObject = {"role": "tool", "tool_call_id": "call_1", "content": "3"}
ROWS: dict[FormatName, JsonObject] = {
    "openai": {"messages": [SYSTEM, USER, ASSISTANT]},
    "prompt_completion": {"prompt": [SYSTEM, USER], "completion": [ASSISTANT]},
    "sharegpt": {
        "conversations": [
            {"from": "system", "value": "Be brief."},
            {"from": "human", "value": "How much?"},
            {"from": "gpt", "value": "40 litres."},
        ]
    },
    "alpaca": {"instruction": "How much?", "input": "", "output": "40 litres."},
    "preference": {
        "prompt": [SYSTEM, USER],
        "chosen": [ASSISTANT],
        "rejected": [{"role": "assistant", "content": "50 litres."}],
    },
    "tools": {"messages": [SYSTEM, USER, CALLS, RESULT, ASSISTANT], "tools": [TOOL]},
}


def write(folder: Path, name: str, *given: Candidate, decisions: tuple[Decision, ...] = ()) -> list[Any]:
    """Write rows, and give them."""
    write_folder(folder, given, [(PUMP, "train")], decisions)
    written = write_dataset(folder, format=name, system="" if name == "alpaca" else "Be brief.")
    return [row for file in written.outputs if file.startswith("train") for row in lines(folder / file)]


@pytest.mark.parametrize("name", ["openai", "prompt_completion", "sharegpt", "alpaca"])
def test_a_question_and_its_answer_are_written_in_the_form_of_the_format(tmp_path: Path, name: FormatName) -> None:
    assert write(tmp_path, name, candidate(PUMP, "How much?", "40 litres.")) == [ROWS[name]]


def test_a_refused_answer_is_set_against_the_accepted_one_to_the_same_question(tmp_path: Path) -> None:
    accepted = candidate(PUMP, "How much?", "40 litres.")
    refused = candidate(PUMP, "how  much?", "50 litres.", objections=["numbers"])

    rows = write(tmp_path, "preference", refused, accepted)

    assert rows == [ROWS["preference"]]
    (line,) = lines(tmp_path / "provenance.jsonl")
    assert line["rejected"] == refused.example.id


def test_a_made_up_answer_is_set_against_the_refusal_that_is_right(tmp_path: Path) -> None:
    right = candidate(PUMP, "Who built it?", "The text does not say.", kind="unanswerable")
    made_up = candidate(PUMP, "Who built it?", "Ada did.", kind="unanswerable", objections=["refusals", "names"])

    (row,) = write(tmp_path, "preference", right, made_up)

    assert row["chosen"][0]["content"] == "The text does not say."
    assert row["rejected"][0]["content"] == "Ada did."


@pytest.mark.parametrize("check", ["self_contained", "duplicate", "markup", "citations", "pii"])
def test_an_answer_that_was_not_refused_for_what_it_says_is_set_against_nothing(tmp_path: Path, check: str) -> None:
    other = candidate(PUMP, "How much?", "50 litres.", objections=[check])
    both = candidate(PUMP, "How much?", "60 litres.", objections=["numbers", check])

    assert write(tmp_path, "preference", candidate(PUMP, "How much?", "40 litres."), other, both) == []


def test_what_a_person_took_in_is_not_set_against_anything(tmp_path: Path) -> None:
    other = candidate(PUMP, "How much?", "50 litres.", objections=["numbers"])
    keep = Decision(id=other.example.id, action="keep")

    assert write(tmp_path, "preference", candidate(PUMP, "How much?"), other, decisions=(keep,)) == []


def test_a_question_that_a_person_wrote_anew_is_not_paired_with_answers_to_the_old_one(tmp_path: Path) -> None:
    accepted = candidate(PUMP, "How much?", "40 litres.")
    refused = candidate(PUMP, "How much?", "50 litres.", objections=["numbers"])
    edit = Decision(id=accepted.example.id, action="edit", question="What colour is the lamp?", answer="Red.")

    assert write(tmp_path, "preference", accepted, refused, decisions=(edit,)) == []


def test_equal_answers_make_no_pair(tmp_path: Path) -> None:
    refused = candidate(PUMP, "How much?", "40  LITRES.", objections=["judge"])

    assert write(tmp_path, "preference", candidate(PUMP, "How much?", "40 litres."), refused) == []


def test_a_run_with_tool_calls_is_written_whole_with_its_tools(tmp_path: Path) -> None:
    said = conversation(PUMP)

    rows = write(tmp_path, "tools", said, candidate(PUMP))

    assert rows == [{"messages": [SYSTEM, *said.messages], "tools": [TOOL]}]


@pytest.mark.parametrize("name", ["openai", "prompt_completion", "sharegpt", "alpaca", "preference"])
def test_what_a_format_leaves_out_is_counted_and_said(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path, [conversation(PUMP)], [(PUMP, "train")])

    written = write_dataset(tmp_path, format=name)

    ((why, n),) = written.left_out.items()
    assert n == 1
    assert why.startswith("it is a conversation")


def test_a_conversation_without_calls_keeps_its_turns_where_the_format_has_turns(tmp_path: Path) -> None:
    messages: tuple[JsonObject, ...] = (USER, ASSISTANT, {"role": "user", "content": "And then?"}, ASSISTANT)
    said = candidate(PUMP, "How much?", "40 litres.").model_copy(update={"messages": messages})

    assert write(tmp_path, "openai", said) == [{"messages": [SYSTEM, *messages]}]
    (row,) = write(tmp_path, "prompt_completion", said)
    assert (len(row["prompt"]), row["completion"]) == (4, [ASSISTANT])
    (row,) = write(tmp_path, "sharegpt", said)
    assert [turn["from"] for turn in row["conversations"]] == ["system", "human", "gpt", "human", "gpt"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_format_finds_nothing_wrong_with_its_own_rows_and_reads_their_words(name: FormatName) -> None:
    format_ = format_of(name)

    assert list(format_.problems(ROWS[name])) == []
    words = format_.words(ROWS[name])
    assert (words.question, words.answer) == ("How much?", "40 litres.")
    assert words.rejected == ("50 litres." if name == "preference" else "")
    assert ("call_1" in words.rest) == (name == "tools")


@given(question=st.text(min_size=1), answer=st.text(min_size=1))
def test_whatever_is_asked_a_row_is_right_or_says_what_is_empty(question: str, answer: str) -> None:
    chosen = choose(candidate(PUMP, question, answer), None)
    assert chosen is not None
    for name in ("openai", "prompt_completion", "sharegpt", "alpaca"):
        format_ = format_of(name)
        (row,) = format_.rows(chosen)
        problems = list(format_.problems(row.fields))
        assert bool(problems) == (not question.strip() or not answer.strip())
        assert all("is empty" in problem for problem in problems)
        assert format_.words(row.fields) == Words(question, answer)


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("openai", {"messages": [USER, ASSISTANT], "extra": 1}, "the fields are"),
        ("openai", {"messages": []}, "there are no messages"),
        (
            "openai",
            {"messages": [USER, {"role": "assistant", "content": " "}]},
            "message 1 of 'assistant' is empty",
        ),
        (
            "openai",
            {"messages": [USER, {"role": "assistant", "content": 1}]},
            "message 1 of 'assistant' has no content",
        ),
        ("openai", {"messages": [USER, {"role": "bot", "content": "x"}]}, "message 1 has no known role"),
        ("openai", {"messages": [USER, USER, ASSISTANT]}, "message 1 is the second of 'user' in a row"),
        ("openai", {"messages": [ASSISTANT, USER, ASSISTANT]}, "message 0 of 'assistant' comes before the user's"),
        ("openai", {"messages": [USER, ASSISTANT, SYSTEM]}, "message 2 gives instructions in the middle"),
        ("openai", {"messages": [USER]}, "the last word is not the assistant's"),
        ("openai", {"messages": [USER, CALLS, RESULT, ASSISTANT]}, "message 1: it calls 'stock', and there are no"),
        ("prompt_completion", {"prompt": [USER], "completion": [ASSISTANT, ASSISTANT]}, "the completion has one"),
        ("sharegpt", {"conversations": [{"from": "human", "text": "x"}]}, "a turn has other fields"),
        ("alpaca", {"instruction": "x", "input": "", "output": " "}, "'output' is empty"),
        ("alpaca", {"instruction": "x", "input": None, "output": "y"}, "'input' is no text"),
        ("preference", {"prompt": [USER], "chosen": [ASSISTANT], "rejected": [ASSISTANT]}, "is the rejected one"),
        ("preference", {"prompt": [USER], "chosen": [ASSISTANT], "rejected": [USER]}, "rejected: message 1 is the"),
        ("tools", {"messages": [USER, CALLS, RESULT, ASSISTANT], "tools": []}, "which is none of its tools"),
        ("tools", {"messages": [USER, CALLS, ASSISTANT], "tools": [TOOL]}, "the call 'call_1' has no result"),
        (
            "tools",
            {"messages": [USER, RESULT, ASSISTANT], "tools": [TOOL]},
            "answers the call 'call_1', which nobody",
        ),
        ("tools", {"messages": [USER, CALLS, RESULT, RESULT, ASSISTANT], "tools": [TOOL]}, "message 3 answers"),
        ("tools", {"messages": [USER, CALLS, RESULT], "tools": [TOOL]}, "the last word is not the assistant's"),
        ("tools", {"messages": [USER, ASSISTANT], "tools": [TOOL, TOOL]}, "two tools have one name"),
        ("tools", {"messages": [USER, ASSISTANT], "tools": [{}]}, "a tool has no name"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(name: str, fields: JsonObject, says: str) -> None:
    problems = list(format_of(name).problems(fields))

    assert any(says in problem for problem in problems), problems


@pytest.mark.parametrize("arguments", ["no JSON", "[1]", {"item": "chair"}, None])
def test_arguments_of_a_call_are_a_json_object_in_a_string(arguments: Any) -> None:
    call = {**CALL, "function": {"name": "stock", "arguments": arguments}}
    messages: Any = [USER, {**CALLS, "tool_calls": [call]}, RESULT, ASSISTANT]

    problems = list(format_of("tools").problems({"messages": messages, "tools": [TOOL]}))

    assert "message 1: the arguments of 'stock' are no JSON object in a string" in problems
