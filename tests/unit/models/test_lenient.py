import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mainspring.models.lenient import all_json, find_json

texts = st.text(st.characters(codec="utf-8"), max_size=20)
prose = st.text(st.characters(codec="utf-8", exclude_characters="{}[]`<"), max_size=40)
floats = st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | floats | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
objects = st.dictionaries(texts, values, max_size=4)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, {"b": null}]}',
        '\n  {"a": [1, {"b": null}]}\n',
        'Sure! Here it is:\n```json\n{"a": [1, {"b": null}]}\n```\nAnything else?',
        '```\n{"a": [1, {"b": null}]}\n```',
        '```tool_call\n{"a": [1, {"b": null}]}',
        '<tool_call>\n{"a": [1, {"b": null}]}\n</tool_call>',
        '<tool_call>{"a": [1, {"b": null}]}',
        'I say "it is" {"a": [1, {"b": null}]} because it is.',
        "it's {'not': 'this'} but {\"a\": [1, {\"b\": null}]}",
        'int main() { return 0; } {"a": [1, {"b": null}]}',
        '{{ {"a": [1, {"b": null}]} }}',
    ],
)
def test_an_object_is_found_bare_fenced_tagged_and_in_prose(text: str) -> None:
    assert find_json(text) == {"a": [1, {"b": None}]}


@pytest.mark.parametrize("value", ['a "quoted" } brace', "{", "}", '{"b": 1}', "```", "</tool_call>", "\\", "\n"])
def test_what_stands_in_a_string_is_no_structure(value: str) -> None:
    text = f"It is {json.dumps({'a': value})}, I think."
    assert list(all_json(text)) == [{"a": value}]


def test_several_objects_are_found_in_order() -> None:
    assert list(all_json('first {"a": 1} then {"b": {"c": 2}} and {}.')) == [{"a": 1}, {"b": {"c": 2}}, {}]
    assert list(all_json('```json\n{"a": 1}\n```\nand\n```json\n[2]\n```')) == [{"a": 1}, [2]]
    assert list(all_json('<tool_call>{"a": 1}</tool_call><tool_call>{"b": 2}</tool_call>')) == [{"a": 1}, {"b": 2}]


def test_an_array_alone_is_found() -> None:
    assert find_json('[{"a": 1}, 2]') == [{"a": 1}, 2]


@pytest.mark.parametrize(
    "text", ["", " ", "hello", "3", '"a"', "null", "true", "{", "{}}"[:1], "{a: 1}", "{'a': 1}"]
)
def test_where_there_is_no_object_nothing_is_made_up(text: str) -> None:
    assert find_json(text) is None


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": 1e999}', '{"a": -Infinity}', r'{"a": "\ud800"}'])
def test_what_json_does_not_have_is_not_found(text: str) -> None:
    assert find_json(text) is None
    assert find_json(f"It is {text}.") is None


def test_a_fence_around_something_else_does_not_hide_an_object() -> None:
    assert find_json('```python\nprint(1)\n```\nso {"a": 1}') == {"a": 1}


@given(prose, objects, prose)
def test_any_object_in_prose_without_braces_is_found_as_it_was_written(
    before: str, value: dict[str, JsonValue], behind: str
) -> None:
    assert find_json(before + json.dumps(value) + behind) == value


@given(st.lists(objects, max_size=4))
def test_any_objects_one_after_the_other_are_all_found(several: list[dict[str, JsonValue]]) -> None:
    assert list(all_json("so: " + " and ".join(json.dumps(value) for value in several))) == several


@given(st.text() | st.text('{}[]":,`\\ \n1a<>/tool_call'))
def test_no_text_whatever_makes_it_fail(text: str) -> None:
    for value in all_json(text):
        assert isinstance(value, dict | list)


@pytest.mark.timeout(20)  # work that grows with the square of the length would take minutes to hours
@pytest.mark.parametrize(
    "unit",
    ["{", "}", '{"a":', '{"a":[', '{"', '{"a":"', '{"a":"\\"', "{ ", '{"a" :', "```", "```{", "<tool_call>", "{}"],
)
def test_a_million_braces_take_work_in_proportion(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    found = list(all_json(text))
    assert found == ([{}] * 500_000 if unit == "{}" else [])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("start", ["<tool_call>a", "```json", "{", '{"a":'])
def test_a_million_blanks_take_work_in_proportion(start: str) -> None:
    assert find_json(start + " " * 1_000_000 + "b") is None
