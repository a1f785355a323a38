from collections.abc import Callable

import pytest

from mainspring import Tool, tool
from mainspring.core.errors import ConfigError
from mainspring.tools import Annotation, as_tool


class Unreadable:
    """A type that pydantic knows nothing of."""


def untyped(city, day: str) -> str:  # type: ignore[no-untyped-def]  # that is the point
    return f"{city}{day}"


def spread(day: str, *cities: str) -> str:
    return f"{cities}{day}"


def keywords(day: str, **cities: str) -> str:
    return f"{cities}{day}"


def positional(city: str, /, day: str) -> str:
    return f"{city}{day}"


def unresolvable(day: str, city: "Nowhere") -> str:  # type: ignore[name-defined]  # noqa: F821 - that is the point
    return f"{city}{day}"


def missing_in_module(day: str, city: "pytest.Nowhere") -> str:  # type: ignore[name-defined]  # that is the point
    return f"{city}{day}"


def without_schema(day: str, city: Unreadable) -> str:
    return f"{city}{day}"


def without_json_schema(day: str, city: Callable[[], int]) -> str:
    return f"{city}{day}"


def private(day: str, _city: str) -> str:
    return f"{_city}{day}"


def reserved(day: str, model_dump: str) -> str:
    return f"{model_dump}{day}"


@pytest.mark.parametrize(
    ("function", "parameter", "way_out"),
    [
        (untyped, "city", "give it one"),
        (spread, "cities", "write it as a plain one"),
        (keywords, "cities", "write it as a plain one"),
        (positional, "city", "write it as a plain one"),
        (unresolvable, "city", "Nowhere"),
        (missing_in_module, "city", "Nowhere"),
        (without_schema, "city", "use str, numbers"),
        (without_json_schema, "city", "use str, numbers"),
        (private, "_city", "rename it"),
        (reserved, "model_dump", "rename it"),
    ],
)
def test_a_function_that_no_model_could_call_is_refused_by_tool_and_parameter(
    function: Callable[..., object], parameter: str, way_out: str
) -> None:
    with pytest.raises(ConfigError, match=way_out) as refusal:
        tool(function)
    assert f"tool {function.__name__!r}" in str(refusal.value)
    assert parameter in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["look up", "nachschlagen!", "", "x" * 65, "a.b", "größe"])
def test_a_name_that_servers_refuse_is_refused(name: str) -> None:
    def lookup() -> str:
        return ""

    if not name:
        assert tool(name=name)(lookup).name == "lookup"
        return
    with pytest.raises(ConfigError, match="up to 64 letters"):
        tool(name=name)(lookup)


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(ConfigError, match="<lambda>"):
        tool(lambda: "noon")
    assert tool(name="now")(lambda: "noon").name == "now"


def test_calling_a_tool_calls_its_function() -> None:
    @tool
    def add(a: int, b: int = 2) -> int:
        """Add."""
        return a + b

    assert add(1) == 3
    assert add(1, b=5) == 6


async def test_calling_an_async_tool_gives_what_its_function_gives() -> None:
    @tool(name="sum")
    async def add(a: int, b: int = 2) -> int:
        """Add."""
        return a + b

    assert await add(1) == 3
    assert add.name == "sum"


def test_what_is_not_said_of_a_tool_is_assumed_to_be_dangerous() -> None:
    @tool
    def wipe(disk: str) -> str:
        """Wipe."""
        return disk

    assert wipe.annotation == Annotation() == Annotation(effect=None, authority=None, trusted=False)
    assert wipe.timeout_s == 60.0
    assert wipe.max_result_chars == 16_000


def test_what_is_said_of_a_tool_is_kept() -> None:
    @tool(effect="money", authority=["order"], trusted=True, timeout_s=5, max_result_chars=100)
    def refund(order: str, note: str) -> str:
        """Refund."""
        return order + note

    assert refund.annotation == Annotation(effect="money", authority=frozenset({"order"}), trusted=True)
    assert (refund.timeout_s, refund.max_result_chars) == (5, 100)


def test_no_authority_at_all_is_something_else_than_nothing_said() -> None:
    @tool(authority=[])
    def note(words: str) -> str:
        """Note."""
        return words

    assert note.annotation.authority == frozenset()


def test_authority_over_an_argument_that_there_is_not_is_refused() -> None:
    def refund(order: str, amount: int) -> str:
        """Refund."""
        return f"{order}{amount}"

    with pytest.raises(ConfigError, match=r"'refund': authority names \['orders'\].*\['amount', 'order'\]"):
        tool(authority=["orders", "amount"])(refund)


def test_a_plain_function_is_made_a_tool_and_a_tool_is_taken_as_it_is() -> None:
    def now() -> str:
        """Tell the time."""
        return "noon"

    made = as_tool(now)
    assert isinstance(made, Tool)
    assert made.name == "now"
    assert as_tool(made) is made
