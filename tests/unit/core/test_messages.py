from dataclasses import replace

import pytest
from pydantic_core import to_json

from mainspring.core import Label, Message, Part, Summary, Text, ToolCall, ToolResult

CALL = ToolCall(id="call_0_0", name="lookup", arguments={"city": "Oslo"})
RESULT = ToolResult(call_id="call_0_0", name="lookup", text="rain")


def assistant(*parts: Part) -> Message:
    return Message(role="assistant", parts=parts, label=Label())


def test_asking_for_the_digest_changes_neither_a_message_nor_its_json() -> None:
    message, other = Message.user("hello"), Message.user("hello")
    assert message.digest == message.digest
    assert message == other
    assert to_json(message) == to_json(other)
    assert repr(message) == repr(other)


def test_a_changed_copy_has_a_digest_of_its_own() -> None:
    message = assistant(Text(text="hello"))
    digest = message.digest
    assert replace(message, parts=(Text(text="bye"),)).digest != digest


@pytest.mark.parametrize(
    "other",
    [
        replace(assistant(Text(text="rain")), role="user"),
        replace(assistant(Text(text="rain")), name="weather"),
        replace(assistant(Text(text="rain")), raw="rain "),
        assistant(Text(text="Rain")),
        assistant(Text(text="rain"), CALL),
        assistant(RESULT),
        assistant(replace(RESULT, is_error=True)),
        assistant(Text(text="ra"), Text(text="in")),
    ],
)
def test_messages_that_a_model_sees_differently_have_different_digests(other: Message) -> None:
    assert other.digest != assistant(Text(text="rain")).digest


def test_calls_that_differ_in_an_argument_have_different_digests() -> None:
    assert assistant(CALL).digest != assistant(replace(CALL, arguments={"city": "Rome"})).digest


def test_the_label_is_compared_but_does_not_change_the_digest() -> None:
    trusted, untrusted = Message.user("hello"), Message.user("hello", label=Label())
    assert trusted != untrusted
    assert trusted.digest == untrusted.digest


def test_that_a_message_is_pinned_is_compared_but_does_not_change_the_digest() -> None:
    pinned, plain = Message.user("rain", pinned=True), Message.user("rain")
    assert pinned != plain
    assert pinned.digest == plain.digest


def test_a_summary_is_words_of_its_message_and_found_as_what_it_is() -> None:
    summary = Summary(text="it rained", stays=(0,), kept=2)
    message = assistant(summary)
    assert message.text == "it rained"
    assert message.summary is summary
    assert Message.user("rain").summary is None


def test_a_message_gives_its_words_its_calls_and_its_results_apart() -> None:
    message = assistant(Text(text="thinking"), CALL, RESULT)
    assert message.text == "thinking\nrain"
    assert message.calls == (CALL,)
    assert message.results == (RESULT,)


def test_instructions_come_from_the_operator_and_input_from_the_user() -> None:
    assert Message.system("be brief").label.sources == ("operator",)
    assert Message.user("hello").label.sources == ("user",)


def test_a_user_message_can_always_be_put_on_the_wire() -> None:
    message = Message.user("half a pair: \ud83d")
    assert message.text == "half a pair: ?"
    assert message.digest
