"""A reply while it is written: what can be told of it."""

import pytest

from mainspring.cli.views.writing import Said, said_so_far


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", Said("", "")),
        ("{", Said("", "")),
        ('{"tho', Said("", "")),
        ('{"thought":"I ne', Said("I ne", "")),
        ('```json\n{"thought": "I need', Said("I need", "")),
        ('{"thought":"I need","calls":[{"tool":"add","argum', Said("I need", "")),
        ('{"thought":"","answer":"fo', Said("", "fo")),
        ('{"thought":"x","answer":{"n":1', Said("x", '{"n":1}')),
        ('{"thought":3,"answer":null}', Said("", "null")),
        ("{broken", Said("", "")),
        ("Thou", Said("", "")),
        ("Thought: I add\nAction: ad", Said("I add", "")),
        ("Thought: done\nFinal Answer: five", Said("done", "five")),
        ("plain words", Said("", "plain words")),
        ("[1, 2", Said("", "[1, 2")),
    ],
)
def test_what_was_written_so_far_is_split_into_thought_and_answer(text: str, said: Said) -> None:
    assert said_so_far(text) == said


def test_no_beginning_of_a_reply_is_an_error() -> None:
    reply = '{"thought":"caf\\u00e9 \\"x\\"","calls":[{"tool":"add","arguments":{"a":[1,-2.5e3,true,null]}}]}'
    assert [said_so_far(reply[:length]).answer for length in range(len(reply) + 1)] == [""] * (len(reply) + 1)
