"""What a tool may ask about the call it works on, and what it may say of it."""

import pytest

from mainspring import tool, use
from mainspring.core import Label
from mainspring.core.events import ToolReturned
from mainspring.core.labels import UNKNOWN
from mainspring.tools import conversation_label, distrust_result
from tests.unit.agent.making import agent, asked, only


@tool(effect="fetch")
def fetch() -> str:
    """Fetch."""
    return "words of a stranger"


async def test_a_tool_knows_the_worst_label_of_the_conversation_it_is_called_from() -> None:
    labels: list[Label] = []

    @tool(effect="none", trusted=True)
    def here() -> str:
        """Note the label in a thread."""
        labels.append(conversation_label())
        return "noted"

    @tool(effect="none", trusted=True)
    async def there() -> str:
        """Note the label on the loop."""
        labels.append(conversation_label())
        return "noted"

    await agent([[use("here"), use("there")], use("fetch"), use("here"), "ok"], here, there, fetch).run("hi")
    assert [label.integrity for label in labels] == ["trusted", "trusted", "untrusted"]
    assert "tool:fetch" in labels[2].sources


def test_outside_a_call_the_label_is_that_of_unknown_words() -> None:
    assert conversation_label() == UNKNOWN
    distrust_result()


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_trusted_tool_may_say_that_one_of_its_results_is_not(is_async: bool) -> None:
    def read(page: str) -> str:
        """Read."""
        if page == "theirs":
            distrust_result()
        return page

    async def read_later(page: str) -> str:
        return read(page)

    made = tool(name="read", effect="none", trusted=True)(read_later if is_async else read)
    helper = agent([use("read", page="ours"), use("read", page="theirs"), use("read", page="ours"), "ok"], made)
    result = await helper.run("hi")
    assert [item.trusted for item in only(ToolReturned, result.events)] == [True, False, True]
    assert [request.label.integrity for request in asked(helper)] == [
        "trusted",
        "trusted",
        "untrusted",
        "untrusted",
    ]


async def test_calls_side_by_side_do_not_speak_for_each_other() -> None:
    @tool(effect="none", trusted=True)
    async def read(page: str) -> str:
        """Read."""
        if page == "theirs":
            distrust_result()
        return page

    result = await agent([[use("read", page="theirs"), use("read", page="ours")], "ok"], read).run("hi")
    assert [item.trusted for item in only(ToolReturned, result.events)] == [False, True]
