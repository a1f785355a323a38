"""One tool call of a run: a human's yes where it needs one, what it waits for, then the call itself.

    make = [ask for approval], [wait], perform

Each arrow to the outside goes through the door under a key made of the step and the call's id, so that a call that
was made in an earlier life of the run is not made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from inspect import isawaitable
from pathlib import Path
from typing import Literal, Protocol

from pydantic_core import to_json

from mainspring.core import NOTHING, ONE_TOOL_CALL, Clock, Door, Message, ToolCall, Usage, label_of
from mainspring.core.effects import Reconcile
from mainspring.core.errors import ToolError
from mainspring.core.events import ChildEnded, HumanAnswered, HumanAsked, Response, ToolCalled, ToolReturned
from mainspring.core.threads import in_daemon_thread
from mainspring.prompts import Prompt
from mainspring.tools import NOT_DONE, AnyTool, Approval, Caller, call_tool, failure, misfit, nobody_to_ask


class Calls(Protocol):
    """Makes the tool calls of a run."""

    async def make(self, turn: int, call: ToolCall, said: Sequence[Message]) -> ToolReturned:
        """Make a call and give what came of it, an error or a refusal included.

        Args:
            turn: The step that it belongs to.
            call: What the model wishes for.
            said: The conversation so far.

        Raises:
            Parked: The run cannot go on now.
        """
        ...


class ToolCalls:
    """Makes calls with an agent's tools.

    Args:
        tools: The tools, by name.
        door: Where effects happen.
        clock: Tells how long they took.
    """

    def __init__(self, tools: Mapping[str, AnyTool], door: Door, clock: Clock) -> None:
        self._tools = tools
        self._door = door
        self._clock = clock

    async def make(self, turn: int, call: ToolCall, said: Sequence[Message]) -> ToolReturned:
        """Make a call: approved, waited for and performed, as its tool demands."""
        tool = self._tools.get(call.name)
        is_plain = tool is None or (tool.approval is None and tool.waits is None)
        if tool is None or is_plain or self._door.knows(tool_key(turn, call)) or misfit(self._tools, call):
            return await self._perform(turn, call, tool, said)
        if tool.approval is not None and tool.approval.is_needed(call.arguments):
            words = await _question(tool.approval, call)
            asked = approval_question(turn, call, tool.approval.within_s, tool.approval.otherwise, words)
            answered = await self._door.wait(asked, lambda: _nobody(asked))
            if answered.verdict == "deny":
                return self._door.record(refused(turn, call, answered))
            if answered.arguments is not None:
                call = replace(call, arguments=answered.arguments)
        return await self._perform(turn, call, tool, said, await self._waited(turn, call, tool, said))

    async def _waited(self, turn: int, call: ToolCall, tool: AnyTool, said: Sequence[Message]) -> Response | None:
        waits = tool.waits
        if waits is None:
            return None
        intent = waits.intent(wait_key(turn, call), call.arguments, said)
        return await self._door.wait(intent, lambda: waits.respond(intent))

    async def _perform(
        self,
        turn: int,
        call: ToolCall,
        tool: AnyTool | None,
        said: Sequence[Message],
        response: Response | None = None,
    ) -> ToolReturned:
        intent = ToolCalled(turn=turn, call=call)
        tools, used, label = self._tools, ONE_TOOL_CALL, label_of(said)
        if tool is not None and response is not None:
            tools = {tool.name: _answering(tool, response)}
            used += response.usage if isinstance(response, ChildEnded) else NOTHING

        async def perform(through: Mapping[str, AnyTool] = tools) -> ToolReturned:
            started_s = self._clock.monotonic()
            caller = Caller(f"{self._door.run}:{intent.key}", label)
            result = await call_tool(through, call, self._door.keep, caller)
            return ToolReturned(
                turn=turn,
                result=result,
                trusted=tool is not None and tool.annotation.trusted and not caller.is_distrusted,
                usage=used,
                duration_s=self._clock.monotonic() - started_s,
            )

        in_doubt = "retry" if tool is None or response is not None else _in_doubt(tool, perform)
        return await self._door.effect(intent, perform, in_doubt)


class _Perform(Protocol):
    async def __call__(self, through: Mapping[str, AnyTool] = ...) -> ToolReturned: ...


def tool_key(turn: int, call: ToolCall) -> str:
    """Name a call within its run."""
    return ToolCalled(turn=turn, call=call).key


def wait_key(turn: int, call: ToolCall) -> str:
    """Name what a call waits for within its run."""
    return f"wait:{turn}:{call.id}"


def approval_key(turn: int, call: ToolCall) -> str:
    """Name the question whether a call may be made within its run."""
    return f"approval:{turn}:{call.id}"


async def _question(approval: Approval, call: ToolCall) -> str:
    """Give what a tool says a human is asked; nothing where it says nothing, or cannot."""
    say = approval.question
    if say is None:
        return ""
    try:
        return await in_daemon_thread(lambda: say(call.arguments))
    except Exception:  # noqa: BLE001 - whatever it raised, a human can judge the call itself
        return ""


def approval_question(
    turn: int, call: ToolCall, within_s: float | None, otherwise: Literal["approve", "deny"], words: str = ""
) -> HumanAsked:
    """Ask whether a call may be made, in the tool's own words where it has some."""
    written = ", ".join(f"{name}={to_json(value).decode()}" for name, value in call.arguments.items())
    return HumanAsked(
        key=approval_key(turn, call),
        kind="approval",
        question=words or f"May {call.name}({written}) be called?",
        call=call,
        within_s=within_s,
        otherwise=otherwise,
    )


def refused(turn: int, call: ToolCall, answered: HumanAnswered) -> ToolReturned:
    """Make the observation of a call that a human refused; it counts as no call."""
    reason = answered.reason or ("nobody answered in time" if answered.by == "deadline" else "no reason given")
    text = _words("refused").render({"tool": call.name, "reason": reason})
    return ToolReturned(turn=turn, result=failure(call, text), trusted=True, usage=Usage(), duration_s=0.0)


def not_needed(turn: int, call: ToolCall) -> ToolReturned:
    """Make the observation of a call that is not waited for any longer, as enough others came to something."""
    text = _words("not_needed").render({"tool": call.name})
    return ToolReturned(turn=turn, result=failure(call, text), trusted=True, usage=Usage(), duration_s=0.0)


def left_in_doubt(turn: int, call: ToolCall, answered: HumanAnswered) -> ToolReturned:
    """Make the observation of a call that was cut off and that a human does not want to be made again."""
    text = _words("in_doubt").render({"tool": call.name, "reason": answered.reason or "no reason given"})
    return ToolReturned(turn=turn, result=failure(call, text), trusted=True, usage=ONE_TOOL_CALL, duration_s=0.0)


def _answering(tool: AnyTool, response: Response) -> AnyTool:
    """Give the tool as one that gives what its wait came to."""
    waits = tool.waits
    assert waits is not None  # noqa: S101 - whoever has a response has waited for it

    async def result(**_: object) -> object:
        return waits.result(response)

    return replace(tool, function=result, is_async=True)


def _in_doubt(tool: AnyTool, perform: _Perform) -> Literal["retry", "ask"] | Reconcile[ToolReturned]:
    """Say what to do about a call of the tool that a crash cut off."""
    find_out = tool.in_doubt
    if find_out == "retry" or find_out == "ask":  # noqa: PLR1714 - so that the type checker follows
        return find_out

    async def reconcile() -> ToolReturned | None:
        is_undone = False

        async def found(**arguments: object) -> object:
            nonlocal is_undone
            value = await in_daemon_thread(lambda: find_out(**arguments))
            if isawaitable(value):
                value = await value
            is_undone = value is NOT_DONE
            return None if is_undone else value

        outcome = await perform({tool.name: replace(tool, function=found, is_async=True)})
        if outcome.result.is_error:
            raise ToolError(outcome.result.text)
        return None if is_undone else outcome

    return reconcile


async def _nobody(asked: HumanAsked) -> HumanAnswered:
    raise nobody_to_ask(asked)


@cache
def _words(name: str) -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / f"{name}.prompt.md")
