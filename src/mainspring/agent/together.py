"""The tool calls of one step, side by side: all of them, or as many as are enough."""

import asyncio
from collections.abc import Sequence

from mainspring.agent.calls import Calls, not_needed
from mainspring.core import Act, Door, Message, Parked, ToolCall
from mainspring.core.events import ToolReturned


async def together(calls: Calls, door: Door, turn: int, act: Act, said: Sequence[Message]) -> list[ToolReturned]:
    """Make the calls of a step, and give what came of them in the order they were asked for.

    One that has to wait ends nothing: the others are made, and then the run is parked. Where enough have come to
    something good, those still under way are ended, and said not to be needed.

    Args:
        calls: Makes them.
        door: Where it is recorded that one was not needed.
        turn: The step.
        act: What the model wants called.
        said: The conversation so far.

    Raises:
        Parked: The run cannot go on now.
    """
    if len(act.calls) == 1:
        return [await calls.make(turn, act.calls[0], said)]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_made_or_parked(calls, turn, call, said)) for call in act.calls]
            if act.enough is not None:
                await _enough(tasks, act.enough)
    except BaseExceptionGroup as refusals:  # where the door refuses one, that ends the others and the run
        raise refusals.exceptions[0] from None
    made = [None if task.cancelled() else task.result() for task in tasks]
    is_enough = act.enough is not None and sum(map(_is_good, made)) >= act.enough
    outcomes: list[ToolReturned] = []
    for call, outcome in zip(act.calls, made, strict=True):
        if isinstance(outcome, ToolReturned):
            outcomes.append(outcome)
        elif is_enough:
            outcomes.append(door.record(not_needed(turn, call)))
        elif outcome is not None:
            raise outcome
    return outcomes


async def _enough(tasks: "Sequence[asyncio.Task[ToolReturned | Parked]]", n_enough: int) -> None:
    """Wait until so many calls have come to something good, and end the others."""
    waiting = set(tasks)
    while waiting:
        _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        done = [task for task in tasks if task.done()]
        failed = [task for task in done if not task.cancelled() and task.exception() is not None]
        if failed or sum(_is_good(task.result()) for task in done) >= n_enough:
            break
    for task in waiting:
        task.cancel()


async def _made_or_parked(
    calls: Calls, turn: int, call: ToolCall, said: Sequence[Message]
) -> ToolReturned | Parked:
    try:
        return await calls.make(turn, call, said)
    except Parked as parked:
        return parked


def _is_good(outcome: ToolReturned | Parked | None) -> bool:
    return isinstance(outcome, ToolReturned) and not outcome.result.is_error
