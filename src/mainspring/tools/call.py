"""Calling a tool for a model: arguments checked, a deadline kept, errors turned into observations.

Whatever a tool does (raise, hang, return fifty megabytes, return something that is not JSON), the model gets a
`ToolResult` that it can read and act on. Only a cancelled run gets through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from mainspring.core import Label, ToolCall, ToolResult
from mainspring.core.errors import ToolError
from mainspring.core.labels import UNKNOWN
from mainspring.core.threads import in_daemon_thread
from mainspring.tools.tool import AnyTool

Keep = Callable[[bytes], str]
"""Keeps content that is too large to be shown, and gives the digest under which it is found."""


@dataclass(slots=True)
class Caller:
    """Who makes a call, as the tool may ask; and what the tool says of the call in return."""

    key: str = ""
    """What `idempotency_key` gives meanwhile."""
    label: Label = UNKNOWN
    """What `conversation_label` gives meanwhile."""
    is_distrusted: bool = False
    """Whether the tool said `distrust_result`."""


_CALLER: Final[ContextVar[Caller]] = ContextVar("caller")


def idempotency_key() -> str:
    """Give the name of the call that a tool is working on: the same when a call is made again after a crash.

    Hand it to whatever you call (a payment provider's `Idempotency-Key`, a unique column), so that a call that
    happened is not done twice.

    Raises:
        RuntimeError: No tool is being called by an agent here.
    """
    try:
        return _CALLER.get().key
    except LookupError:
        raise RuntimeError("there is an idempotency key only inside a tool that an agent calls") from None


def conversation_label() -> Label:
    """Give the worst label of the conversation that a tool is called from; that of unknown words outside of one.

    What a tool keeps of its arguments is no better than that: whoever wrote the worst of it may have wanted the
    call.
    """
    caller = _CALLER.get(None)
    return UNKNOWN if caller is None else caller.label


def distrust_result() -> None:
    """Say, inside a tool that is declared trusted, that the result of this call is not to be trusted."""
    caller = _CALLER.get(None)
    if caller is not None:
        caller.is_distrusted = True


def misfit(tools: Mapping[str, AnyTool], call: ToolCall) -> str | None:
    """Say why a call cannot be made as it is (no such tool, arguments that do not fit); None if it can."""
    checked = _checked(tools, call)
    return checked if isinstance(checked, str) else None


async def call_tool(
    tools: Mapping[str, AnyTool], call: ToolCall, keep: Keep, caller: Caller | None = None
) -> ToolResult:
    """Call the named tool and give what the model is to be told.

    Args:
        tools: The tools there are, by name.
        call: What the model wishes for.
        keep: Where the whole of a cut result goes.
        caller: Who calls; nobody in particular if not given.
    """
    arguments = _checked(tools, call)
    if isinstance(arguments, str):
        return failure(call, arguments)
    tool = tools[call.name]
    deadline = asyncio.timeout(tool.timeout_s)
    is_error = True
    token = _CALLER.set(caller or Caller())
    try:
        async with deadline:
            text = _as_text(await _run(tool, arguments))
        is_error = False
    except ToolError as error:
        text = str(error)
    except Exception as error:  # noqa: BLE001 - a failed tool is data, whatever it raised
        late = f"{call.name} did not answer within {tool.timeout_s:g} s."
        text = late if deadline.expired() else f"{call.name} failed: {type(error).__name__}: {error}"
    finally:
        _CALLER.reset(token)
    shown, whole = _cut(_readable(text), tool.max_result_chars, keep)
    return ToolResult(call_id=call.id, name=call.name, text=shown, is_error=is_error, whole=whole)


def _checked(tools: Mapping[str, AnyTool], call: ToolCall) -> BaseModel | str:
    """Give the arguments as the tool wants them, or say what is wrong with the call."""
    tool = tools.get(call.name)
    if tool is None:
        return f"There is no tool {call.name!r}. The tools are: {', '.join(tools) or 'none'}."
    try:
        return tool.arguments.model_validate(call.arguments)
    except ValidationError as error:
        return _explain(error, tool)


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


def failure(call: ToolCall, text: str) -> ToolResult:
    """Make an observation of what kept a call from being made."""
    return ToolResult(call_id=call.id, name=call.name, text=text, is_error=True)
