"""Streams through a pool: another member may answer until something was shown, and nobody after that."""

import asyncio
import json
from collections.abc import Callable

import pytest

from mainspring.core import Act, Answer, Reply
from mainspring.core.errors import ModelRefused, ModelTimeout, ModelUnavailable, ReplyCut
from mainspring.models.pool.model import PooledModel
from tests.unit.models.asking import TOOLS, request
from tests.unit.models.pool.playing import is_idle, shown
from tests.unit.models.pool.serving import pooled
from tests.unit.models.wire import (
    DONE,
    HANG,
    RESET,
    Drip,
    Packet,
    Serve,
    Step,
    answer,
    broken_stream,
    chunk,
    endless_stream,
    refusal,
    spoken,
    stalled_stream,
    stream,
    tool_call,
)

ROLE = chunk({"role": "assistant", "content": ""})
ERROR = b'data: {"error": {"message": "out of memory"}}\n\n'
BEFORE: dict[str, Step] = {
    "refused": refusal("503 Busy"),
    "reset": RESET,
    "html": answer("<html>Welcome</html>", content_type="text/html"),
    "nothing": endless_stream(),
    "done at once": stream(DONE),
    "after the role": broken_stream(ROLE),
    "an error": endless_stream(ERROR),
    "an error after the role": stream(ROLE, ERROR, DONE),
    "half an event": endless_stream(ROLE, b'data: {"choices": [{"delta": {"content": "o'),
    "no json": endless_stream(b"data: {oops\n\n"),
    "odd": endless_stream(b'data: {"choices": "hi"}\n\n'),
}


async def streamed(model: PooledModel) -> tuple[Reply, list[str]]:
    heard: list[str] = []
    return await model.ask(request(options=TOOLS), heard.append), heard


@pytest.mark.parametrize("step", BEFORE.values(), ids=BEFORE)
async def test_what_breaks_before_anything_was_shown_is_answered_by_another_member(
    serve: Serve, step: Step
) -> None:
    failing, other = await serve(step), await serve(stream(*spoken("hi", " there"), DONE))
    model = pooled(failing, other)
    reply, heard = await streamed(model)
    assert reply.decision == Answer(value="hi there")
    assert heard == ["hi", " there"]
    assert (len(failing.asked), len(other.asked)) == (1, 1)
    assert shown(model.pool)["a"].failures == 1
    assert is_idle(model.pool)


AFTER: dict[str, Callable[..., Step]] = {
    "broken": broken_stream,
    "ended": endless_stream,
    "error": lambda *events: stream(*events, ERROR),
    "no json": lambda *events: stream(*events, b"data: {oops\n\n"),
}


@pytest.mark.parametrize("build", AFTER.values(), ids=AFTER)
async def test_what_breaks_after_something_was_shown_is_cut_with_what_had_come(
    serve: Serve, build: Callable[..., Step]
) -> None:
    wires = [await serve(build(*spoken("It ", "rai")[:2])) for _ in range(2)]
    model, heard = pooled(*wires), list[str]()
    with pytest.raises(ReplyCut) as caught:
        await model.ask(request(), heard.append)
    assert caught.value.received == "".join(heard) == "It rai"
    assert [len(wire.asked) for wire in wires] == [1, 0]
    assert shown(model.pool)["a"].failures == 1
    assert is_idle(model.pool)


CALL = {"tool_calls": [{"index": 0, **tool_call("lookup", '{"city": "Oslo"}')}]}


@pytest.mark.parametrize("first", [CALL, {"reasoning_content": "hm"}, {"reasoning": "hm"}], ids=str)
async def test_calls_and_thoughts_are_content_too(serve: Serve, first: dict[str, object]) -> None:
    wires = [await serve(broken_stream(chunk(first))) for _ in range(2)]
    with pytest.raises(ReplyCut) as caught:
        await streamed(pooled(*wires))
    assert caught.value.received == ""
    assert [len(wire.asked) for wire in wires] == [1, 0]


async def test_a_stream_of_nothing_but_a_call_is_a_call(serve: Serve) -> None:
    model = pooled(await serve(stream(ROLE, chunk(CALL), chunk({}, "tool_calls"), DONE)), await serve())
    reply, heard = await streamed(model)
    assert isinstance(reply.decision, Act)
    assert (reply.decision.calls[0].arguments, heard) == ({"city": "Oslo"}, [])


async def test_an_event_may_come_in_pieces_long_after_each_other(serve: Serve) -> None:
    go = asyncio.Event()
    whole = chunk({"content": "grüße"})
    model = pooled(await serve(stalled_stream(whole[:30], go, whole[30:], *spoken("!"), DONE)))
    asked = asyncio.ensure_future(streamed(model))
    await asyncio.sleep(0)
    go.set()
    assert (await asked)[1] == ["grüße", "!"]


DRIPS: dict[str, list[Packet]] = {
    "keep-alives": [Drip(b": keep alive\n\n")],
    "roles": [Drip(ROLE)],
    "usage": [Drip(chunk(usage={"prompt_tokens": 3}))],
    "halves": [Drip(b" ")],
    "nothing": [],
}


@pytest.mark.parametrize("drops", DRIPS.values(), ids=DRIPS)
async def test_a_stream_that_only_drips_is_given_up_and_answered_by_another_member(
    serve: Serve, drops: list[Packet]
) -> None:
    dripping, other = await serve(stalled_stream(*drops)), await serve(stream(*spoken("hi"), DONE))
    model = pooled(dripping, other, progress_s=0.3)
    assert (await streamed(model))[1] == ["hi"]
    await dripping.hung_up.wait()
    assert (len(dripping.asked), shown(model.pool)["a"].failures) == (1, 1)


async def test_a_stream_that_says_something_and_then_only_drips_is_cut(serve: Serve) -> None:
    dripping = await serve(stalled_stream(*spoken("hi")[:1], Drip(b": keep alive\n\n")))
    with pytest.raises(ReplyCut, match=r"brought nothing for 0\.3 s") as caught:
        await streamed(pooled(dripping, await serve(), progress_s=0.3))
    assert caught.value.received == "hi"
    await dripping.hung_up.wait()


async def test_a_stream_with_no_content_in_time_is_answered_by_another_member(serve: Serve) -> None:
    hanging, other = await serve(HANG), await serve(stream(*spoken("hi"), DONE))
    assert (await streamed(pooled(hanging, other, attempt_s=0.5)))[1] == ["hi"]
    await hanging.hung_up.wait()


async def test_a_stream_that_has_begun_may_last_longer_than_a_call_but_not_for_ever(serve: Serve) -> None:
    endless = await serve(stalled_stream(*spoken("It ", "rains")[:2]))
    other = await serve()
    model, heard = pooled(endless, other, attempt_s=0.2, deadline_s=0.3, stream_s=0.6), list[str]()
    with pytest.raises(ModelTimeout, match=r"took longer than 0\.6 s"):
        await model.ask(request(), heard.append)
    await endless.hung_up.wait()
    assert (heard, len(other.asked)) == (["It ", "rains"], 0)
    assert is_idle(model.pool)


async def test_a_refused_stream_is_refused_like_any_call(serve: Serve) -> None:
    wires = [await serve(refusal("400 No", "too long")) for _ in range(2)]
    with pytest.raises(ModelRefused, match="too long"):
        await streamed(pooled(*wires))
    assert [len(wire.asked) for wire in wires] == [1, 0]


async def test_whoever_listens_may_fail_and_the_server_is_hung_up_on(serve: Serve) -> None:
    wire = await serve(stalled_stream(*spoken("hi")))
    model = pooled(wire)

    def listen(words: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        await model.ask(request(), listen)
    assert caught.value.__traceback__ is not None, "which keeps alive whatever was under way"
    await wire.hung_up.wait()
    assert shown(model.pool)["a"].failures == 0
    assert is_idle(model.pool)


async def test_all_members_fail_before_anything_was_shown(serve: Serve) -> None:
    wires = [await serve(*[broken_stream(ROLE)] * 3) for _ in range(2)]
    with pytest.raises(ModelUnavailable, match="broke off") as caught:
        await streamed(pooled(*wires, attempts=2))
    assert not isinstance(caught.value, ReplyCut)
    assert json.loads(wires[0].asked[0].raw)["stream"] is True
