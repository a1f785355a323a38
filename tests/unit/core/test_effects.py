import hashlib

import pytest

from mainspring.core import Event, FakeClock, MemoryDoor, ToolCall, ToolResult, Usage
from mainspring.core.errors import ModelTimeout
from mainspring.core.events import Cancelled, EffectFailed, ToolCalled, ToolReturned

INTENT = ToolCalled(turn=0, call=ToolCall(id="call_0_0", name="lookup", arguments={}))
OUTCOME = ToolReturned(
    turn=0,
    result=ToolResult(call_id="call_0_0", name="lookup", text="rain"),
    usage=Usage(tool_calls=1),
    duration_s=0.0,
)


async def test_an_intent_is_recorded_before_the_deed_and_its_outcome_after_it() -> None:
    door = MemoryDoor("run_1", FakeClock())
    recorded_at_the_deed: list[Event] = []

    async def deed() -> ToolReturned:
        recorded_at_the_deed.extend(door.events)
        return OUTCOME

    assert await door.effect(INTENT, deed) is OUTCOME
    assert recorded_at_the_deed == [INTENT]
    assert door.events == [INTENT, OUTCOME]


async def test_a_failed_deed_is_recorded_and_its_error_goes_on() -> None:
    door = MemoryDoor("run_1", FakeClock())
    error = ModelTimeout("too slow")

    async def deed() -> ToolReturned:
        raise error

    with pytest.raises(ModelTimeout) as caught:
        await door.effect(INTENT, deed)
    assert caught.value is error
    assert door.events == [INTENT, EffectFailed(key=INTENT.key, error="ModelTimeout", message="too slow")]


async def test_entries_are_numbered_without_gaps_and_carry_the_clocks_time() -> None:
    clock = FakeClock(1000.0)
    door = MemoryDoor("run_1", clock)

    async def deed() -> ToolReturned:
        clock.advance(2.0)
        return OUTCOME

    await door.effect(INTENT, deed)
    clock.advance(1.0)
    door.append(Cancelled(usage=Usage()))
    assert [(entry.run, entry.seq, entry.at) for entry in door.entries] == [
        ("run_1", 0, 1000.0),
        ("run_1", 1, 1002.0),
        ("run_1", 2, 1003.0),
    ]
    assert [entry.event for entry in door.entries] == door.events


def test_a_watcher_is_told_each_event_after_it_was_recorded() -> None:
    seen: list[tuple[Event, int]] = []
    door = MemoryDoor("run_1", FakeClock(), watch=lambda event: seen.append((event, len(door.events))))
    door.append(INTENT)
    door.append(OUTCOME)
    assert seen == [(INTENT, 1), (OUTCOME, 2)]


def test_kept_content_is_found_under_its_digest_and_nothing_else_is() -> None:
    door = MemoryDoor("run_1", FakeClock())
    digest = door.keep(b"a long story")
    assert digest == hashlib.sha256(b"a long story").hexdigest()
    assert door.contents[digest] == b"a long story"
    with pytest.raises(KeyError):
        door.contents["0" * 64]
