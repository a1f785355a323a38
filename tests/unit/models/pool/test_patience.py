"""What servers say about patience on the wire, and that a pool heeds it."""

import pytest

from mainspring.core import Answer, FakeClock
from mainspring.core.errors import ModelUnavailable
from tests.unit.models.asking import request
from tests.unit.models.pool.playing import shown
from tests.unit.models.pool.serving import pooled
from tests.unit.models.wire import DONE, Serve, answer, completion, refusal, said, spoken, stream

DATE = "Date: Wed, 21 Oct 2015 07:28:00 GMT"
USED_UP = ("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1m30s")
OTHER_USED_UP = ("x-ratelimit-remaining-tokens: 0", "x-ratelimit-reset-tokens: 250ms")


@pytest.mark.parametrize(
    ("headers", "rest_s"),
    [
        (("Retry-After: 30",), 30),
        (("retry-after-ms: 2500", "Retry-After: 3"), 2.5),
        ((DATE, "Retry-After: Wed, 21 Oct 2015 07:28:45 GMT"), 45),
        (USED_UP, 90),
        (OTHER_USED_UP, 0.25),
        ((*USED_UP, *OTHER_USED_UP), 90),
        (("x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1760000000000"), 1),
        (("x-ratelimit-remaining-requests: 7", "x-ratelimit-reset-requests: 1m30s"), 1),
        (("Retry-After: soon",), 1),
        ((), 1),
    ],
)
async def test_a_rate_limit_is_a_rest_for_as_long_as_the_server_says(
    serve: Serve, headers: tuple[str, ...], rest_s: float
) -> None:
    limited = await serve(refusal("429 Too Many", "slow down", headers))
    model = pooled(limited, await serve(said("hi")), clock=FakeClock(1000.0))
    await model.ask(request())
    status = shown(model.pool)["a"]
    assert status.state == "resting"
    assert status.for_s == pytest.approx(rest_s)
    assert "slow down" in status.reason


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
async def test_a_reply_whose_headers_say_that_the_limit_is_used_up_is_taken_and_its_member_rests(
    serve: Serve, *, streams: bool
) -> None:
    if streams:
        head, *events = stream(*spoken("first"), DONE)
        assert isinstance(head, bytes)
        last = [head.replace(b"\r\n\r\n", "\r\n".join(["", *USED_UP, "", ""]).encode()), *events]
        limited = await serve(last)
    else:
        limited = await serve(answer(completion("first"), headers=USED_UP))
    other = await serve(said("other"), said("other"))
    model = pooled(limited, other, clock=FakeClock(1000.0))
    first = await model.ask(request(), print if streams else None)
    assert first.decision == Answer(value="first")
    assert [(await model.ask(request())).decision for _ in range(2)] == [Answer(value="other")] * 2
    status = shown(model.pool)["a"]
    assert (status.state, status.failures) == ("resting", 0)
    assert status.reason == "its rate limit is used up"
    assert status.for_s == pytest.approx(90)


async def test_where_all_ask_for_more_patience_than_there_is_the_call_fails_with_the_shortest(
    serve: Serve,
) -> None:
    wires = [await serve(refusal("429 Busy", "slow down", (f"Retry-After: {rest_s}",))) for rest_s in (600, 300)]
    model = pooled(*wires, deadline_s=60, clock=FakeClock(1000.0))
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="429: slow down") as caught:
            await model.ask(request())
        assert caught.value.retry_after_s == 300
    assert [len(wire.asked) for wire in wires] == [1, 1]


async def test_a_member_that_asks_for_no_patience_is_asked_again(serve: Serve) -> None:
    wire = await serve(refusal("429 Busy"), refusal("429 Busy"), said("hi"))
    assert (await pooled(wire).ask(request())).decision == Answer(value="hi")
