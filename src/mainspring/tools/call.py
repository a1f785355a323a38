"""Calling a tool for a model: arguments checked, a deadline kept, errors turned into observations.

Whatever a tool does (raise, hang, return fifty megabytes, return something that is not JSON), the model gets a
`ToolResult` that it can read and act on. Only a cancelled run gets through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from mainspring.core import ToolCall, ToolResult
from mainspring.core.errors import ToolError
from mainspring.core.threads import in_daemon_thread
from mainspring.tools.tool import AnyTool

Keep = Callable[[bytes], str]
"""Keeps content that is too large to be shown, and gives the digest under which it is found."""


async def call_tool(tools: Mapping[str, AnyTool], call: ToolCall, keep: Keep) -> ToolResult:
    """Call the named tool and give what the model is to be told.

    Args:
        tools: The tools there are, by name.
        call: What the model wishes for.
        keep: Where the whole of a cut result goes.
    """
    tool = tools.get(call.name)
    if tool is None:
        return _failure(call, f"There is no tool {call.name!r}. The tools are: {', '.join(tools) or 'none'}.")
    try:
        arguments = tool.arguments.model_validate(call.arguments)
    except ValidationError as error:
        return _failure(call, _explain(error, tool))
    deadline = asyncio.timeout(tool.timeout_s)
    is_error = True
    try:
        async with deadline:
            text = _as_text(await _run(tool, arguments))
        is_error = False
    except ToolError as error:
        text = str(error)
    except Exception as error:  # noqa: BLE001 - a failed tool is data, whatever it raised
        late = f"{call.name} did not answer within {tool.timeout_s:g} s."
        text = late if deadline.expired() else f"{call.name} failed: {type(error).__name__}: {error}"
    shown, whole = _cut(_readable(text), tool.max_result_chars, keep)
    return ToolResult(call_id=call.id, name=call.name, text=shown, is_error=is_error, whole=whole)


async def _run(tool: AnyTool, checked: BaseModel) -> object:
    arguments = dict(checked.__dict__)
    if tool.is_async:
        return await _contained(tool.function(**arguments))  # type: ignore[arg-type]  # it is a coroutine function
    return await in_daemon_thread(lambda: tool.function(**arguments))


async def _contained(work: Awaitable[object]) -> object:
    """Await a tool's coroutine; one that exits or cancels itself has failed, and takes nobody with it."""
    try:
        return await work
    except asyncio.CancelledError as error:
        if (task := asyncio.current_task()) and task.cancelling():
            raise
        raise RuntimeError("CancelledError: something it waited for was cancelled") from error
    except SystemExit as error:
        raise RuntimeError(f"SystemExit: {error}") from error


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return to_json(value).decode()
    except PydanticSerializationError as error:
        raise ToolError(
            f"the tool returned a {type(value).__name__}, which cannot be written as JSON; "
            "it should return text, numbers, lists, dicts, dataclasses or pydantic models"
        ) from error


def _readable(text: str) -> str:
    """Replace what cannot be put into UTF-8, such as the odd bytes of a file's name."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _cut(text: str, max_chars: int, keep: Keep) -> tuple[str, str | None]:
    """Show the head and the tail of what is too long, and keep the whole."""
    if len(text) <= max_chars:
        return text, None
    whole = keep(text.encode())
    head, tail = max_chars * 3 // 4, max_chars // 4
    gap = f"\n[... {len(text) - head - tail:,} of {len(text):,} characters left out; whole result: {whole} ...]\n"
    return text[:head] + gap + text[len(text) - tail :], whole


def _explain(error: ValidationError, tool: AnyTool) -> str:
    problems = "; ".join(
        f"{'.'.join(str(place) for place in problem['loc']) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_context=False)
    )
    schema = to_json(tool.spec.parameters).decode()
    return f"Wrong arguments for {tool.name}: {problems}. The arguments must fit this JSON schema: {schema}"


def _failure(call: ToolCall, text: str) -> ToolResult:
    return ToolResult(call_id=call.id, name=call.name, text=text, is_error=True)
