"""Runs as messages that OpenAI's client takes."""

import json
from typing import Any

import pytest
from pydantic import JsonValue

from mainspring import Agent, tool
from mainspring.core.errors import UnknownRun
from mainspring.models.scripted import ScriptedModel, use
from tests.unit.runs.making import opened
from tests.unit.runs.shapes import SHAPES, Shape, cut_off, denied, parallel, plain, structured, with_child


async def messages_of(shape: Shape) -> list[dict[str, Any]]:
    async with opened() as runs:
        exported: dict[str, Any] = await runs.export_messages(await shape(runs))
    return list(exported["messages"])


def check_conversation(messages: list[dict[str, Any]]) -> None:
    """Check what OpenAI's server checks: every call is answered once, right behind it, and nothing else is."""
    open_calls: list[str] = []
    before = ""
    for message in messages:
        role = message["role"]
        if role == "tool":
            assert set(message) == {"role", "tool_call_id", "content"}
            open_calls.remove(message["tool_call_id"])
        else:
            assert not open_calls
            assert role in {"system", "user", "assistant"}
            assert role != "system" or before == ""
            assert role != "assistant" or before in {"user", "tool"}
        for call in message.get("tool_calls", []):
            assert role == "assistant"
            assert call["type"] == "function"
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            open_calls.append(call["id"])
        assert isinstance(message["content"], str) or message["tool_calls"]
        before = role
    assert not open_calls


@pytest.mark.parametrize("shape", SHAPES)
async def test_messages_of_any_run_are_ones_that_the_client_takes(shape: Shape) -> None:
    messages = await messages_of(shape)
    check_conversation(messages)
    assert messages[-1]["role"] != "assistant" or "tool_calls" not in messages[-1]
    json.dumps(messages)


async def test_a_judge_that_was_asked_about_a_tools_answer_is_no_part_of_what_was_said() -> None:
    @tool(effect="fetch", answers=True)
    def tell(q: str) -> str:
        """Tell."""
        return f"told {q}"

    def check(answer: str) -> str:
        return ""

    async with opened() as runs:
        worker = Agent("clerk", model=ScriptedModel([use("tell", q="x")]), tools=[tell], judge=check)
        run = await runs.start(worker, "Tell.")
        await run.result()
        exported: dict[str, Any] = await runs.export_messages(run.id)
    check_conversation(exported["messages"])
    assert [message["role"] for message in exported["messages"]] == ["user", "assistant", "tool"]


async def test_tools_are_given_as_the_model_was_shown_them_and_left_out_where_there_are_none() -> None:
    async with opened() as runs:
        exported = await runs.export_messages(await with_child(runs))
        assert [wire["function"]["name"] for wire in _list(exported["tools"])] == ["child"]
        assert set(await runs.export_messages(await plain(runs))) == {"messages"}


async def test_parallel_results_stand_behind_their_calls_in_the_order_of_the_calls() -> None:
    messages = await messages_of(parallel)
    ids = [call["id"] for call in messages[1]["tool_calls"]]
    assert [(message["tool_call_id"], message["content"]) for message in messages[2:5]] == [
        *((ids[0], "1"), (ids[1], "2"), (ids[2], "it failed for 3")),
    ]


async def test_a_refusal_is_what_the_tool_says() -> None:
    messages = await messages_of(denied)
    assert messages[2]["role"] == "tool"
    assert "a human refused it (too much)" in messages[2]["content"]


async def test_a_step_that_was_cut_off_is_left_out_whole() -> None:
    messages = await messages_of(cut_off)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]
    assert messages[-1]["content"] == "all about x"


async def test_raw_json_of_a_model_is_given_as_the_calls_and_the_answer_in_it() -> None:
    messages = await messages_of(structured)
    assert [message.get("content") for message in messages] == ["go", None, "all about x", "done"]
    assert messages[1]["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"q":"x"}'}


async def test_only_runs_that_are_there_can_be_exported() -> None:
    async with opened() as runs:
        with pytest.raises(UnknownRun):
            await runs.export_messages("nowhere")
        with pytest.raises(UnknownRun):
            await runs.export_page("nowhere")


def _list(value: JsonValue) -> list[Any]:
    assert isinstance(value, list)
    return value
