"""Budgets of keys: held before a request is sent, settled after it, and never overdrawn."""

import asyncio
from typing import Any

import openai
import pytest

from mainspring.core import Budget, FakeClock
from mainspring.runs.journal import Store
from mainspring.runs.ledger import Reserve
from tests.unit.models.wire import DONE, Serve, answer, chunk, refusal, said, spoken, stream
from tests.unit.serve.fronts import HELLO, KEY, USAGE, Front, Gate, Start, at, key, until

HOUR_S = 3600.0
CHEAP = {"input": "1", "output": "2"}
SENT = b'{"messages":[{"role":"user","content":"Hello"}],"model":"near","max_tokens":50}'


def team(window: str | None = None, **budget: Any) -> dict[str, Any]:
    return {"team": key(budget=budget) | ({"window": window} if window else {})}


async def ask(opened: Front, **fields: Any) -> Any:
    """Send a request, and give the reply or the error."""
    client = await opened.client(fields.pop("secret", KEY), max_retries=fields.pop("max_retries", 0))
    asked: Any = {"model": "near", "messages": HELLO, "max_tokens": 50} | fields
    try:
        return await client.chat.completions.create(**asked)
    except openai.APIStatusError as error:
        return error


async def test_what_a_reply_used_is_spent_and_what_was_held_is_free_again(
    gate: Gate, store: Store, front: Start
) -> None:
    opened = await front({"near": at(gate, price=CHEAP)}, keys=team(usd="1"), store=store)
    asked = asyncio.ensure_future(ask(opened))
    await until(lambda: gate.n_asked == 1)
    spent, held = await opened.ledger()
    assert spent == {}
    assert held == {
        "input_tokens": len(SENT),
        "output_tokens": 50,
        "model_calls": 1,
        "usd": (len(SENT) + 2 * 50) * 1000,
    }
    gate.opened.set()
    await asked
    assert await opened.ledger() == (
        {"input_tokens": 7, "output_tokens": 2, "model_calls": 1, "usd": (7 + 2 * 2) * 1000},
        {},
    )


async def test_of_many_requests_at_once_exactly_those_are_served_that_the_budget_fits(
    gate: Gate, store: Store, front: Start
) -> None:
    opened = await front({"near": at(gate)}, keys=team(model_calls=10), store=store)
    asked = [asyncio.ensure_future(ask(opened, max_retries=2)) for _ in range(30)]
    await until(lambda: sum(task.done() for task in asked) == 20)
    gate.opened.set()
    replies = await asyncio.gather(*asked)
    errors = [reply for reply in replies if isinstance(reply, openai.APIStatusError)]
    assert (len(replies) - len(errors), len(errors), gate.n_asked) == (10, 20, 10)
    assert {(type(error), error.status_code, error.code) for error in errors} == {
        (openai.RateLimitError, 429, "insufficient_quota")
    }
    assert {error.response.headers["x-should-retry"] for error in errors} == {"false"}
    assert "key 'team' has 0 model_calls left; the request may take 1" in errors[0].message
    assert 'model="near",status="429"} 20\n' in await opened.text("/metrics")  # the client did not try again
    assert await opened.ledger() == ({"input_tokens": 70, "output_tokens": 20, "model_calls": 10}, {})


async def test_gateways_on_one_ledger_share_the_budget_of_a_key(gate: Gate, store: Store, front: Start) -> None:
    fronts = [await front({"near": at(gate)}, keys=team(model_calls=10), store=store) for _ in range(2)]
    asked = [asyncio.ensure_future(ask(opened)) for opened in fronts for _ in range(10)]
    await until(lambda: sum(task.done() for task in asked) == 10)
    gate.opened.set()
    replies = await asyncio.gather(*asked)
    assert sum(isinstance(reply, openai.RateLimitError) for reply in replies) == 10
    assert (await fronts[0].ledger())[0]["model_calls"] == 10


async def test_an_empty_budget_serves_nothing_and_those_of_others_are_their_own(serve: Serve, front: Start) -> None:
    wire = await serve(said("Hi.", usage=USAGE), said("Hi.", usage=USAGE))
    keys = team(output_tokens=0) | {"other": key("ms-other", budget={"output_tokens": 100}), "free": key("ms-free")}
    opened = await front({"near": at(wire)}, keys=keys)
    assert (await ask(opened)).code == "insufficient_quota"
    assert (await ask(opened, secret="ms-other")).usage.completion_tokens == 2
    assert (await ask(opened, secret="ms-free")).usage.completion_tokens == 2


async def test_a_reply_without_a_bound_gets_one_when_a_budget_has_to_be_held_to(
    serve: Serve, store: Store, front: Start
) -> None:
    wire = await serve(said("Hi.", usage=USAGE), said("Hi.", usage=USAGE))
    keys = team(output_tokens=100) | {"free": key("ms-free")}
    opened = await front({"near": at(wire)}, keys=keys, store=store, max_output_tokens=40)
    assert (await ask(opened, max_tokens=None, n=3)).code == "insufficient_quota"
    assert (await ask(opened, max_tokens=None, n=2)).usage.completion_tokens == 2
    assert (await ask(opened, secret="ms-free", max_tokens=None)).usage.completion_tokens == 2
    assert [body.get("max_tokens") for body in wire.bodies] == [40, None]


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": -1, "completion_tokens": -1}, {"prompt_tokens": 10**30}])
@pytest.mark.parametrize("streamed", [True, False])
async def test_where_nobody_knows_what_was_used_all_that_was_held_counts(
    usage: Any, streamed: bool, serve: Serve, front: Start, ledger: Store
) -> None:
    step = stream(*spoken("Hi"), chunk(usage=usage), DONE) if streamed else said("Hi.", usage=usage)
    opened = await front({"near": at(await serve(step))}, keys=team(output_tokens=100), store=ledger)
    reply = await ask(opened, stream=streamed)
    if streamed:
        assert [piece async for piece in reply]
    spent = await opened.settled()
    assert (spent["output_tokens"], spent["model_calls"]) == (50, 1)


async def test_a_server_is_not_believed_more_than_a_request_can_use(
    serve: Serve, ledger: Store, front: Start
) -> None:
    wire = await serve(said("Hi.", usage={"prompt_tokens": 9_000_000, "completion_tokens": 9_000_000}))
    opened = await front({"near": at(wire)}, keys=team(output_tokens=100), store=ledger)
    await ask(opened)
    assert (await opened.ledger())[0] == {"input_tokens": len(SENT), "output_tokens": 50, "model_calls": 1}


@pytest.mark.parametrize("step", [refusal("400 No"), refusal("500 No"), refusal("401 No"), answer("<html>")])
async def test_a_request_that_nobody_served_costs_nothing(
    step: bytes, serve: Serve, ledger: Store, front: Start
) -> None:
    opened = await front({"near": at(await serve(step))}, keys=team(output_tokens=100), store=ledger)
    assert isinstance(await ask(opened), openai.APIStatusError)
    assert await opened.ledger() == ({}, {})


async def test_a_member_that_was_given_up_counts_although_the_next_one_refuses(
    gate: Gate, serve: Serve, ledger: Store, front: Start
) -> None:
    other = await serve(refusal("500 No"))
    opened = await front({"near": at(gate, other, attempt_s=0.5)}, keys=team(output_tokens=100), store=ledger)
    assert (await ask(opened)).status_code == 503
    assert (gate.n_asked, len(other.asked)) == (1, 1)
    assert (await opened.ledger())[0]["output_tokens"] == 50


async def test_a_hedged_request_is_charged_for_both_calls(
    gate: Gate, serve: Serve, store: Store, front: Start
) -> None:
    fast = await serve(*[said("Hi.", usage=USAGE)] * 500)
    near = at(fast, gate, hedge="p50", affinity=False)
    opened = await front({"near": near}, keys=team(model_calls=1000), store=store)
    pool = opened.gateway.pools["near"]
    gate.opened.set()
    await asyncio.gather(*[ask(opened) for _ in range(20)])
    gate.opened.clear()
    while pool.members[0].counts.won == 0:
        await asyncio.gather(*[ask(opened) for _ in range(4)])
    spent, held = await opened.ledger()
    n_calls = sum(member.counts.calls for member in pool.members)
    assert n_calls > len(fast.asked)
    assert (spent["model_calls"], spent["input_tokens"], held) == (n_calls, 7 * n_calls, {})
    assert pool.members[1].counts.abandoned > 0


async def test_the_worst_case_of_a_request_that_may_be_sent_twice_is_twice_as_much(
    serve: Serve, front: Start
) -> None:
    wire = await serve()
    opened = await front({"near": at(wire, hedge="p90")}, keys=team(output_tokens=99))
    error = await ask(opened)
    assert "has 99 output_tokens left; the request may take 100" in error.message


async def test_a_budget_in_dollars_needs_a_model_whose_price_is_known(serve: Serve, front: Start) -> None:
    wire = await serve()
    opened = await front({"near": at(wire)}, keys=team(usd="5"))
    error = await ask(opened)
    assert (type(error), error.code) == (openai.InternalServerError, "misconfigured")
    assert "nobody knows what model 'near' costs, and the budget of key 'team' is in dollars" in error.message
    assert wire.asked == []


async def test_what_was_spent_is_forgotten_when_a_new_window_begins(
    serve: Serve, store: Store, front: Start
) -> None:
    clock = FakeClock(100 * HOUR_S)
    wire = await serve(*[said("Hi.", usage=USAGE)] * 2)
    opened = await front({"near": at(wire)}, keys=team("hour", model_calls=1), store=store, clock=clock)
    assert (await ask(opened)).usage.completion_tokens == 2
    assert (await ask(opened)).code == "insufficient_quota"
    clock.advance(HOUR_S)
    assert (await ask(opened)).usage.completion_tokens == 2
    assert len(wire.asked) == 2


async def test_what_a_gateway_held_when_it_died_is_spent_once_its_time_is_over(
    serve: Serve, store: Store, front: Start
) -> None:
    clock = FakeClock(100 * HOUR_S)
    await store.allow("gateway:team", Budget(model_calls=2))
    dead = Reserve("7", {"model_calls": 1, "output_tokens": 50})
    await store.hold("gateway:dead", ["gateway:team"], dead, now=clock.now(), until=clock.now() + 180)
    wire = await serve(*[said("Hi.", usage=USAGE)] * 2)
    opened = await front({"near": at(wire)}, keys=team(model_calls=3), store=store, clock=clock)
    assert (await ask(opened)).usage.completion_tokens == 2
    assert (await opened.ledger())[1] == {"model_calls": 1, "output_tokens": 50}
    clock.advance(181)
    assert (await ask(opened)).usage.completion_tokens == 2
    assert await opened.ledger() == ({"model_calls": 3, "input_tokens": 14, "output_tokens": 54}, {})
    assert (await ask(opened)).code == "insufficient_quota"


async def test_embeddings_are_held_for_what_they_read(serve: Serve, ledger: Store, front: Start) -> None:
    found = {"data": [{"embedding": [0.5], "index": 0}], "usage": {"prompt_tokens": 3, "total_tokens": 3}}
    opened = await front({"near": at(await serve(answer(found)))}, keys=team(output_tokens=0), store=ledger)
    await (await opened.client()).embeddings.create(model="near", input="Hello", encoding_format="float")
    assert await opened.ledger() == ({"input_tokens": 3, "model_calls": 1}, {})
