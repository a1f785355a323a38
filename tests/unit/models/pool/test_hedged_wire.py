"""Second calls on the wire: the loser is hung up on, what it may cost is counted, and nothing is shown twice."""

import asyncio
from decimal import Decimal

import pytest

from mainspring.core import Answer
from mainspring.models.prices import Rates
from tests.unit.models.asking import request
from tests.unit.models.pool.playing import is_idle, shown
from tests.unit.models.pool.serving import hurried, pooled
from tests.unit.models.wire import (
    DONE,
    HANG,
    Serve,
    answer,
    chunk,
    completion,
    said,
    spoken,
    stalled_stream,
    stream,
)

USAGE = {"prompt_tokens": 1000, "completion_tokens": 10}
CHEAP = Rates(input=Decimal(1), output=Decimal(1))
DEAR = Rates(input=Decimal(5), output=Decimal(1))


async def test_the_loser_is_hung_up_on_and_its_prompt_is_paid_for(serve: Serve) -> None:
    slow, other = await serve(HANG), await serve(answer(completion("hi", usage=USAGE)))
    model = hurried(pooled(slow, other, hedge="p90", prices=(DEAR, CHEAP)))
    reply = await model.ask(request())
    await slow.hung_up.wait()
    assert reply.decision == Answer(value="hi")
    assert (reply.usage.model_calls, reply.usage.input_tokens) == (2, 2000)
    assert reply.usage.output_tokens > 10, "it may have written by then what the other one wrote"
    a, b = shown(model.pool)["a"], shown(model.pool)["b"]
    assert (a.input_tokens, b.input_tokens, b.output_tokens) == (1000, 1000, 10)
    assert a.cost_usd is not None
    assert b.cost_usd == Decimal("0.00101")
    assert reply.usage.cost_usd == a.cost_usd + b.cost_usd >= Decimal("0.00601")
    assert (a.abandoned, a.failures, b.won) == (1, 0, 1)
    assert is_idle(model.pool)


async def test_what_the_loser_of_unknown_price_costs_is_not_known(serve: Serve) -> None:
    slow, other = await serve(HANG), await serve(answer(completion("hi", usage=USAGE)))
    model = hurried(pooled(slow, other, hedge="p90", prices=(None, CHEAP)))
    assert (await model.ask(request())).usage.cost_usd is None
    assert shown(model.pool)["b"].cost_usd == Decimal("0.00101")


async def test_a_stream_that_was_given_up_before_it_began_is_charged_for_its_prompt_alone(serve: Serve) -> None:
    slow, other = await serve(HANG), await serve(stream(*spoken("hi"), chunk(usage=USAGE), DONE))
    model = hurried(pooled(slow, other, hedge="p90", prices=(CHEAP, CHEAP)))
    heard: list[str] = []
    reply = await model.ask(request(), heard.append)
    await slow.hung_up.wait()
    assert heard == ["hi"]
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.model_calls) == (2000, 10, 2)


async def test_of_two_streams_only_the_one_that_begins_first_is_shown(serve: Serve) -> None:
    go, never = asyncio.Event(), asyncio.Event()
    slow = await serve(stream(never, *spoken("slow ", "words"), DONE))
    other = await serve(stream(chunk({"role": "assistant"}), go, *spoken("other ", "words"), DONE))
    model, heard = hurried(pooled(slow, other, hedge="p90")), list[str]()
    asked = asyncio.ensure_future(model.ask(request(), heard.append))
    await other.was_asked.wait()
    go.set()
    never.set()
    reply = await asked
    assert reply.decision == Answer(value="".join(heard))
    assert heard in (["slow ", "words"], ["other ", "words"])
    assert is_idle(model.pool)


async def test_a_stream_that_is_given_up_while_the_other_one_goes_on_is_hung_up_on_at_once(serve: Serve) -> None:
    go, on = asyncio.Event(), asyncio.Event()
    slow = await serve(HANG)
    other = await serve(stalled_stream(go, *spoken("hi")[:1], on, *spoken(" there"), DONE))
    model, heard = hurried(pooled(slow, other, hedge="p90")), list[str]()
    asked = asyncio.ensure_future(model.ask(request(), heard.append))
    await other.was_asked.wait()
    go.set()
    await slow.hung_up.wait()
    assert (heard, asked.done()) == (["hi"], False)
    on.set()
    assert (await asked).decision == Answer(value="hi there")


async def test_without_a_hedge_a_call_is_one_call(serve: Serve) -> None:
    model = pooled(await serve(said("hi")), await serve())
    assert model.calls_at_most == 1
    assert hurried(pooled(await serve(), hedge="p95")).calls_at_most == 2


async def test_a_member_that_was_given_up_for_its_time_is_paid_for_too(serve: Serve) -> None:
    slow, other = await serve(HANG), await serve(answer(completion("hi", usage=USAGE)))
    reply = await pooled(slow, other, attempt_s=0.5, prices=(CHEAP, CHEAP)).ask(request())
    assert (reply.usage.model_calls, reply.usage.input_tokens) == (2, 2000)


@pytest.mark.parametrize("quantile", ["p90", "p50"])
async def test_a_quick_reply_is_asked_for_once(serve: Serve, quantile: str) -> None:
    quick, other = await serve(said("hi")), await serve(said("hi"))
    model = pooled(quick, other, hedge=quantile)
    assert model.pool.hedging is not None
    for _ in range(20):
        model.pool.hedging.answered(60.0)
    assert (await model.ask(request())).usage.model_calls == 1
    assert (len(quick.asked), len(other.asked)) == (1, 0)
