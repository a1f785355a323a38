import asyncio
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, JsonValue

from mainspring import ToolError, tool
from mainspring.core import MemoryDoor, ToolCall, ToolResult
from mainspring.tools import AnyTool, as_tool, call_tool


async def called(
    function: AnyTool | Callable[..., object], door: MemoryDoor | None = None, **arguments: JsonValue
) -> ToolResult:
    made = as_tool(function)
    call = ToolCall(id="call_0_0", name=made.name, arguments=arguments)
    return await call_tool({made.name: made}, call, (door or MemoryDoor("run_1")).keep)


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """Something to wait for in vain; it is released when the test is over, so that its thread may end."""
    never = threading.Event()
    yield never
    never.set()


async def test_a_result_carries_the_calls_id_and_the_tools_name() -> None:
    def greet(name: str) -> str:
        """Greet."""
        return f"hello {name}"

    assert await called(greet, name="Ada") == ToolResult(call_id="call_0_0", name="greet", text="hello Ada")


async def test_an_async_tool_is_awaited() -> None:
    async def greet(name: str) -> str:
        """Greet."""
        await asyncio.sleep(0)
        return f"hello {name}"

    assert (await called(greet, name="Ada")).text == "hello Ada"


async def test_a_sync_tool_does_not_block_the_loop() -> None:
    loop_went_on = threading.Event()

    def wait() -> str:
        """Wait until the event loop has done something else."""
        assert loop_went_on.wait(60)
        return "it did"

    async with asyncio.TaskGroup() as group:
        task = group.create_task(called(wait))
        group.create_task(asyncio.to_thread(lambda: None)).add_done_callback(lambda _: loop_went_on.set())
    assert task.result().text == "it did"


async def test_a_sync_tool_sees_the_callers_context_variables() -> None:
    tenant = ContextVar("tenant", default="nobody")
    tenant.set("acme")

    def whose() -> str:
        """Tell whose."""
        return tenant.get()

    assert (await called(whose)).text == "acme"


async def test_bound_methods_and_callable_objects_and_partials_are_called() -> None:
    class Shop:
        name = "corner"

        def order(self, sku: str) -> str:
            return f"{self.name} {sku}"

        async def reserve(self, sku: str) -> str:
            return f"{self.name} {sku} reserved"

    class Sell:
        def __call__(self, sku: str) -> str:
            return f"sold {sku}"

    class Ship:
        async def __call__(self, sku: str) -> str:
            return f"shipped {sku}"

    shop = Shop()
    functions: list[Callable[..., object]] = [shop.order, shop.reserve, Sell(), Ship(), partial(shop.reserve)]
    assert [(await called(function, sku="17")).text for function in functions] == [
        "corner 17",
        "corner 17 reserved",
        "sold 17",
        "shipped 17",
        "corner 17 reserved",
    ]


async def test_arguments_are_converted_and_defaults_filled_in_and_never_shared() -> None:
    class Point(BaseModel):
        x: int
        y: int = 0

    def collect(point: Point, n: Annotated[int, Field(ge=1)] = 1, seen: list[int] = []) -> str:  # noqa: B006 - a user may
        """Collect."""
        seen.append(point.x)
        return f"{type(point).__name__} {point.x} {point.y} {n} {seen}"

    assert (await called(collect, point={"x": 3})).text == "Point 3 0 1 [3]"
    assert (await called(collect, point={"x": 4}, n="2")).text == "Point 4 0 2 [4]"


async def test_arguments_with_the_names_of_model_methods_reach_the_tool() -> None:
    def convert(json: str, copy: bool, schema: str = "none", dict: str = "d") -> str:  # noqa: A002 - a name a user may well pick
        """Convert."""
        return f"{json} {copy} {schema} {dict}"

    assert (await called(convert, json="{}", copy=True)).text == "{} True none d"


async def test_a_hanging_async_tool_is_given_up_at_its_deadline() -> None:
    @tool(timeout_s=0.01)
    async def wait() -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        return "never"

    result = await called(wait)
    assert result.is_error
    assert result.text == "wait did not answer within 0.01 s."


async def test_a_hanging_sync_tool_is_given_up_at_its_deadline(stuck: threading.Event) -> None:
    @tool(timeout_s=0.01)
    def wait() -> str:
        """Wait for ever."""
        stuck.wait()
        return "never"

    result = await called(wait)
    assert result.is_error
    assert result.text == "wait did not answer within 0.01 s."


async def test_a_sync_tool_that_ends_after_its_deadline_harms_nobody(stuck: threading.Event) -> None:
    threads: list[threading.Thread] = []

    @tool(timeout_s=0.01)
    def wait() -> str:
        """Wait too long."""
        threads.append(threading.current_thread())
        stuck.wait()
        raise ValueError("too late anyway")

    assert (await called(wait)).is_error
    stuck.set()
    await asyncio.to_thread(threads[0].join)
    await asyncio.sleep(0)


def test_a_sync_tool_that_hangs_does_not_keep_the_process_from_leaving() -> None:
    program = """
import asyncio, threading
from mainspring import Agent, ScriptedModel, tool, use

@tool(timeout_s=0.01)
def wait() -> str:
    "Wait for ever."
    threading.Event().wait()
    return "never"

model = ScriptedModel([use("wait"), "it hangs"])
print(Agent("patient", model=model, tools=[wait]).run_sync("wait").output)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "it hangs\n", "")


async def test_the_error_of_a_tool_is_told_with_its_type() -> None:
    def divide(a: int) -> float:
        """Divide."""
        return a / 0

    result = await called(divide, a=1)
    assert result.is_error
    assert result.text == "divide failed: ZeroDivisionError: division by zero"


async def test_a_tool_error_is_told_in_its_own_words() -> None:
    async def find(order: int) -> str:
        """Find."""
        raise ToolError(f"there is no order {order}; orders start at 100")

    result = await called(find, order=7)
    assert result.is_error
    assert result.text == "there is no order 7; orders start at 100"


async def test_a_timeout_of_the_tools_own_is_not_taken_for_its_deadline() -> None:
    async def fetch() -> str:
        """Fetch."""
        raise TimeoutError("the shop's server is slow")

    result = await called(fetch)
    assert result.is_error
    assert result.text == "fetch failed: TimeoutError: the shop's server is slow"


def leave() -> str:
    """Leave."""
    sys.exit(3)


async def leave_later() -> str:
    """Leave."""
    sys.exit(3)


def exhaust() -> str:
    """Take what is not there."""
    return next(iter(()))


async def exhaust_later() -> str:
    """Take what is not there."""
    return next(iter(()))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (leave, "SystemExit: 3"),
        (leave_later, "SystemExit: 3"),
        (exhaust, "StopIteration"),
        (exhaust_later, "StopIteration"),
    ],
)
async def test_a_tool_that_leaves_or_runs_out_takes_nobody_with_it(
    function: Callable[..., object], words: str
) -> None:
    result = await called(function)
    assert result.is_error
    assert words in result.text


async def test_a_sync_tool_that_waits_for_something_given_up_has_failed_and_the_caller_goes_on() -> None:
    def wait() -> str:
        """Wait for something that is given up."""
        inner: Future[str] = Future()
        inner.cancel()
        return inner.result()

    result = await called(wait)
    assert result.is_error
    assert "CancelledError" in result.text


async def test_a_tool_whose_own_task_is_cancelled_has_failed_and_the_caller_goes_on() -> None:
    async def wait() -> str:
        """Wait for something that is given up."""
        inner: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        inner.cancel()
        return await inner

    result = await called(wait)
    assert result.is_error
    assert "CancelledError" in result.text


async def test_cancelling_the_caller_reaches_into_the_tool() -> None:
    begun, undone = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait for ever."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            undone.set()
        return "never"

    task = asyncio.create_task(called(wait))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert undone.is_set()


class Receipt(BaseModel):
    """What was paid."""

    order: int
    paid: bool = True


@dataclass
class Parcel:
    """What is sent."""

    weight_g: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ("", ""),
        (3, "3"),
        (True, "true"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([Receipt(order=1)], '[{"order":1,"paid":true}]'),
        (Receipt(order=1), '{"order":1,"paid":true}'),
        (Parcel(weight_g=5), '{"weight_g":5}'),
        (b"bytes", '"bytes"'),
        ({"größe": "ß"}, '{"größe":"ß"}'),
    ],
    ids=repr,
)
async def test_whatever_can_be_written_as_json_is_told_as_json_and_text_as_it_is(value: object, text: str) -> None:
    def give() -> object:
        """Give."""
        return value

    result = await called(give)
    assert (result.text, result.is_error) == (text, False)


@pytest.mark.parametrize("value", [object(), b"\xff\xfe", {1: object()}], ids=["object", "bytes", "inside"])
async def test_what_cannot_be_written_as_json_is_a_failure_that_says_what_to_return(value: object) -> None:
    def give() -> object:
        """Give."""
        return value

    result = await called(give)
    assert result.is_error
    assert f"returned a {type(value).__name__}" in result.text
    assert "should return text" in result.text


async def test_a_result_that_holds_itself_is_a_failure() -> None:
    def give() -> object:
        """Give."""
        circle: list[object] = []
        circle.append(circle)
        return circle

    assert (await called(give)).is_error


async def test_text_that_is_no_utf8_can_still_be_said_to_a_model() -> None:
    def name_file() -> str:
        """Name a file that has an odd byte in its name."""
        return b"caf\xe9.txt".decode(errors="surrogateescape")

    def open_file() -> str:
        """Open a file that has an odd byte in its name."""
        raise FileNotFoundError(b"caf\xe9.txt".decode(errors="surrogateescape"))

    assert (await called(name_file)).text == "caf?.txt"
    assert (await called(open_file)).text == "open_file failed: FileNotFoundError: caf?.txt"


async def test_fifty_megabytes_are_cut_and_kept_whole_under_their_digest() -> None:
    story = "begin" + "é" * 50_000_000 + "end"

    @tool(max_result_chars=1_000)
    def tell() -> str:
        """Tell."""
        return story

    door = MemoryDoor("run_1")
    result = await called(tell, door)
    digest = hashlib.sha256(story.encode()).hexdigest()
    assert result.whole == digest
    assert door.contents[digest].decode() == story
    assert result.text.startswith("begin")
    assert result.text.endswith("end")
    assert f"49,999,008 of 50,000,008 characters left out; whole result: {digest}" in result.text
    assert len(result.text) < 1_200
    assert not result.is_error


async def test_a_result_of_just_the_allowed_length_is_not_cut() -> None:
    @tool(max_result_chars=10)
    def tell(n: int) -> str:
        """Tell."""
        return "x" * n

    assert await called(tell, n=10) == ToolResult(call_id="call_0_0", name="tell", text="x" * 10)
    assert (await called(tell, n=11)).whole is not None


async def test_a_long_error_is_cut_and_kept_whole_as_well() -> None:
    @tool(max_result_chars=100)
    def fail() -> str:
        """Fail."""
        raise ToolError("no " * 1_000)

    door = MemoryDoor("run_1")
    result = await called(fail, door)
    assert result.is_error
    assert len(result.text) < 300
    assert result.whole is not None
    assert door.contents[result.whole].decode() == "no " * 1_000


async def test_wrong_arguments_are_answered_with_what_is_wrong_and_the_schema() -> None:
    def order(sku: str, amount: Annotated[int, Field(ge=1)]) -> str:
        """Order."""
        return f"{sku}{amount}"

    result = await called(order, amount="many", colour="red")
    assert result.is_error
    assert result.text.startswith("Wrong arguments for order: ")
    for words in (
        "sku: Field required",
        "amount: ",
        "colour: Extra inputs",
        '"minimum":1',
        '"required":["sku","amount"]',
    ):
        assert words in result.text


async def test_a_wrong_argument_deep_inside_is_named_by_its_path() -> None:
    class Point(BaseModel):
        x: int

    def draw(points: list[Point]) -> str:
        """Draw."""
        return str(points)

    result = await called(draw, points=[{"x": 1}, {"x": "far"}])
    assert "points.1.x: " in result.text


async def test_a_tool_is_not_called_with_wrong_arguments() -> None:
    calls: list[int] = []

    def order(amount: int) -> str:
        """Order."""
        calls.append(amount)
        return "done"

    await called(order, amount=None)
    assert calls == []


async def test_an_unknown_tool_is_answered_with_the_tools_there_are() -> None:
    tools = {made.name: made for made in (as_tool(leave), as_tool(exhaust))}
    call = ToolCall(id="call_0_0", name="lookup", arguments={})
    result = await call_tool(tools, call, MemoryDoor("run_1").keep)
    assert result == ToolResult(
        call_id="call_0_0",
        name="lookup",
        text="There is no tool 'lookup'. The tools are: leave, exhaust.",
        is_error=True,
    )


async def test_an_unknown_tool_where_there_are_none_is_answered_so() -> None:
    result = await call_tool({}, ToolCall(id="1", name="lookup", arguments={}), MemoryDoor("run_1").keep)
    assert result.text == "There is no tool 'lookup'. The tools are: none."
