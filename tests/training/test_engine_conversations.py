"""Which tokens of a row are learnt, by the words of the chat template."""

from typing import Any

import pytest
from trl import chat_template_utils as templates

from mainspring.core import ToolCall, ToolSpec
from mainspring.train.engine.conversations import Conversation, LeftOut, Renderer
from mainspring.train.engine.failures import EngineError
from mainspring.train.folder import Row, Turn
from tests.training import tiny

pytestmark = pytest.mark.training

TALK = tiny.row(
    "talk",
    ("system", "You add."),
    ("user", "1 and 2?"),
    ("assistant", '{"calls": [{"tool": "sum"}]}'),
    ("user", "It gave: 3"),
    ("assistant", "Three."),
)

SUM = ToolSpec("sum", "Add numbers.", {"type": "object", "properties": {"a": {"type": "integer"}}})
CALL = ToolCall(id="call_0", name="sum", arguments={"a": 1, "b": 2})
CALLED = Row(
    id="called",
    messages=(
        Turn(role="user", content="1 and 2?"),
        Turn(role="assistant", content="", calls=(CALL,), learn=True),
        Turn(role="tool", content="3", call_id="call_0", name="sum"),
        Turn(role="assistant", content="Three.", learn=True),
    ),
    tools=(SUM,),
)


def rendered(row: Row, template: str | None = tiny.CHATML) -> tuple[Any, Conversation | LeftOut]:
    tokenizer = tiny.tokenizer(template)
    return tokenizer, Renderer(tokenizer, longest_tokens=400).conversation(row)


def words(row: Row, template: str = tiny.CHATML) -> str:
    """Give the text of the tokens that are learnt."""
    tokenizer, conversation = rendered(row, template)
    assert isinstance(conversation, Conversation)
    return str(tokenizer.decode([conversation.ids[place] for place in conversation.learnt]))


def learns_what_trl_learns(tokenizer: Any, row: Row) -> Conversation:
    """See that a row has the tokens that TRL has, and those learnt, but for white space behind a turn."""
    oracle = tokenizer.apply_chat_template(
        [turn.message for turn in row.messages],
        tools=row.shown or None,
        chat_template=templates.get_training_chat_template(tokenizer),
        return_assistant_tokens_mask=True,
    )
    conversation = Renderer(tokenizer, longest_tokens=4_000).conversation(row)
    assert isinstance(conversation, Conversation)
    assert list(conversation.ids) == oracle["input_ids"]
    its_own = [place for place, learnt in enumerate(oracle["assistant_masks"]) if learnt]
    spaces = {place for place in its_own if not tokenizer.decode(conversation.ids[place]).strip()}
    assert set(conversation.learnt) - spaces == set(its_own) - spaces
    assert set(conversation.learnt) <= set(its_own)
    return conversation


def test_a_template_with_generation_marks_says_what_is_learnt() -> None:
    assert words(TALK, tiny.MARKED) == '{"calls": [{"tool": "sum"}]}<|im_end|>Three.<|im_end|>'


def test_without_marks_a_turn_is_what_it_adds_to_its_prompt_with_its_end_and_nothing_behind_that() -> None:
    assert words(TALK, tiny.CHATML) == words(TALK, tiny.MARKED)


@pytest.mark.parametrize("name", ["qwen2_5", "qwen3_instruct_2507", "llama3", "gemma", "lfm2", "phi3"])
def test_what_is_learnt_is_what_trl_learns_but_for_white_space_behind_a_turn(name: str) -> None:
    tokenizer = tiny.tokenizer(getattr(templates, f"{name}_chat_template"))
    marks = [
        "<|eot_id|>",
        "<|start_header_id|>",
        "<|end_header_id|>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<|end|>",
    ]
    tokenizer.add_special_tokens({"additional_special_tokens": marks})
    row = TALK.model_copy(update={"messages": TALK.messages[1:] if name == "gemma" else TALK.messages})
    learns_what_trl_learns(tokenizer, row)


@pytest.mark.parametrize("name", ["qwen2_5", "qwen3_instruct_2507"])
def test_calls_are_learnt_in_the_templates_own_words_as_trl_learns_them(name: str) -> None:
    tokenizer = tiny.tokenizer(getattr(templates, f"{name}_chat_template"))
    conversation = learns_what_trl_learns(tokenizer, CALLED)
    learnt = tokenizer.decode([conversation.ids[place] for place in conversation.learnt])
    assert '{"name": "sum", "arguments": {"a": 1, "b": 2}}' in learnt
    assert "<tool_response>" not in learnt


def test_a_template_that_says_nothing_of_tools_is_no_silent_loss() -> None:
    _, conversation = rendered(CALLED)
    assert isinstance(conversation, LeftOut)
    assert 'learn in `mode = "structured"`' in conversation.says


@pytest.mark.parametrize("template", [tiny.CHATML, tiny.MARKED], ids=["prefixes", "marks"])
def test_only_turns_that_are_marked_in_the_row_are_learnt(template: str) -> None:
    last = tuple(turn.model_copy(update={"learn": turn is TALK.messages[-1]}) for turn in TALK.messages)
    assert words(TALK.model_copy(update={"messages": last}), template) == "Three.<|im_end|>"


@pytest.mark.parametrize("template", [tiny.CHATML, tiny.MARKED], ids=["prefixes", "marks"])
def test_words_of_others_are_learnt_where_the_row_says_so(template: str) -> None:
    everything = tuple(turn.model_copy(update={"learn": True}) for turn in TALK.messages)
    learnt = words(TALK.model_copy(update={"messages": everything}), template)
    assert "You add." in learnt
    assert "It gave: 3" in learnt


def test_a_template_that_writes_earlier_turns_in_another_way_leaves_the_row_out() -> None:
    template = tiny.CHATML.replace("{{ message['content'] }}", "{{ message['content'] if loop.last else '...' }}")
    _, conversation = rendered(TALK, template)
    assert isinstance(conversation, LeftOut)
    assert "{% generation %}" in conversation.says


def test_a_template_that_refuses_a_row_says_why_in_its_own_words() -> None:
    template = tiny.CHATML + "{{ raise_exception('no system turn, please') }}"
    _, conversation = rendered(TALK, template)
    assert isinstance(conversation, LeftOut)
    assert "no system turn, please" in conversation.says


def test_a_row_that_is_too_long_is_left_out_whole() -> None:
    conversation = Renderer(tiny.tokenizer(), longest_tokens=40).conversation(TALK)
    assert isinstance(conversation, LeftOut)
    assert "sequence_tokens" in conversation.says


def test_a_row_of_which_nothing_is_learnt_is_left_out() -> None:
    _, conversation = rendered(tiny.row("asked", ("user", "And?")))
    assert isinstance(conversation, LeftOut)
    assert "`learn`" in conversation.says


def test_a_tokenizer_without_a_chat_template_is_refused() -> None:
    with pytest.raises(EngineError, match="chat template"):
        rendered(TALK, None)
