"""The pooled model: what it is called, what it costs, and what it makes of what servers count."""

from decimal import Decimal
from typing import Any

import pytest

from mainspring.core import Usage
from mainspring.models.prices import FREE, Pricer, Rates
from tests.unit.models.asking import request
from tests.unit.models.pool.playing import shown
from tests.unit.models.pool.serving import pooled
from tests.unit.models.wire import DONE, Serve, answer, chunk, completion, spoken, stream

CHEAP = Rates(input=Decimal(1), output=Decimal(2))
DEAR = Rates(input=Decimal(5), output=Decimal(1))
MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
NOWHERE = "http://127.0.0.1:9/v1"


def test_it_goes_by_the_name_of_its_pool_and_tells_its_members() -> None:
    model = pooled(NOWHERE, NOWHERE)
    assert model.name == "fast"
    assert [one.name for one in model.models] == ["a", "b"]
    assert repr(model) == "PooledModel('fast', members=['a', 'b'])"
    assert repr(model.pool) == "Pool('fast', members=['a', 'b'])"


@pytest.mark.parametrize(
    ("prices", "price_usd"),
    [
        ((CHEAP, DEAR), 6),
        ((DEAR, CHEAP), 6),
        ((FREE, FREE), 0),
        ((FREE, CHEAP), 3),
        ((CHEAP, None), None),
        ((None, None), None),
    ],
)
def test_its_price_is_the_dearest_members_and_unknown_where_one_is(
    prices: tuple[Pricer | None, ...], price_usd: int | None
) -> None:
    assert pooled(NOWHERE, NOWHERE, prices=prices).price(MILLION) == price_usd


async def test_a_reply_costs_what_its_member_takes_and_says_who_that_was(serve: Serve) -> None:
    usage = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}
    wires = [await serve(answer(completion("hi", usage=usage, model=f"m-{n}"))) for n in range(2)]
    model = pooled(*wires, prices=(CHEAP, DEAR))
    replies = [await model.ask(request()) for _ in range(2)]
    assert [(reply.usage.cost_usd, reply.model, reply.member) for reply in replies] == [
        (Decimal(3), "m-0", "a"),
        (Decimal(6), "m-1", "b"),
    ]
    assert [member.cost_usd for member in shown(model.pool).values()] == [3, 6]


LIES: list[Any] = [
    {"prompt_tokens": -5, "completion_tokens": -1},
    {"prompt_tokens": "many", "completion_tokens": "1"},
    {"prompt_tokens": 1.5, "completion_tokens": True},
    {"prompt_tokens": 10**18, "completion_tokens": 10**12},
    {"prompt_tokens": 10**30, "completion_tokens": None},
    {"prompt_tokens": {"a": 1}, "prompt_tokens_details": {"cached_tokens": 5}},
    ["hi"],
    "many",
    7,
]


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("lie", LIES, ids=str)
async def test_a_count_that_cannot_be_true_is_no_count(serve: Serve, lie: object, *, streams: bool) -> None:
    wire = await serve(
        stream(*spoken("hi"), chunk(usage=lie), DONE) if streams else answer(completion("hi", usage=lie))
    )
    model = pooled(wire, prices=(CHEAP,))
    reply = await model.ask(request(), print if streams else None)
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.cached_tokens) == (0, 0, 0)
    assert reply.usage.cost_usd is None
    assert shown(model.pool)["a"].cost_usd is None


async def test_no_more_was_cached_than_was_read(serve: Serve) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 900}}
    reply = await pooled(await serve(answer(completion("hi", usage=usage)))).ask(request())
    assert reply.usage.cached_tokens == 10
