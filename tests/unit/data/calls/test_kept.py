"""Model calls that are made once."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from mainspring import Agent, Budget
from mainspring.core import FakeClock, Message, Options, Reply, Request, Sampling
from mainspring.core.errors import BudgetError, ModelRefused
from mainspring.data.calls import KeptModel, Pace, Purse
from mainspring.models.prices import Pricer
from mainspring.models.scripted import ScriptedModel
from mainspring.runs.journal import Store
from mainspring.runs.opening import open_store


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(":memory:") as opened:
        yield opened


def kept(model: ScriptedModel, store: Store, purse: Purse | None = None) -> KeptModel:
    clock = FakeClock()
    return KeptModel(model, store, pace=Pace(clock), clock=clock, purse=purse)


def request(words: str, **sampling: float) -> Request:
    return Request([Message.user(words)], Options(), Sampling.model_validate(sampling))


async def test_the_same_words_are_asked_once(store: Store) -> None:
    model = ScriptedModel(["Paris."])
    first = await kept(model, store).ask(request("Capital of France?"))
    again = await kept(model, store).ask(request("Capital of France?"))
    assert len(model.requests) == 1
    assert again.message.text == first.message.text == "Paris."
    assert again.usage == first.usage


async def test_the_same_words_at_the_same_time_are_asked_once(store: Store) -> None:
    model = ScriptedModel(["Paris."])
    asking = kept(model, store)
    replies = await asyncio.gather(*(asking.ask(request("Capital of France?")) for _ in range(5)))
    assert len(model.requests) == 1
    assert {reply.message.text for reply in replies} == {"Paris."}
    assert asking.tally.asked.model_calls == 1
    assert asking.tally.known.model_calls == 4


@pytest.mark.parametrize(
    "other",
    [
        request("Capital of Spain?"),
        request("Capital of France?", temperature=0.5),
        Request([Message.user("Capital of France?")], Options(answer={"type": "object"}), Sampling()),
    ],
    ids=["words", "sampling", "form"],
)
async def test_a_reply_depends_on_words_sampling_and_form(store: Store, other: Request) -> None:
    model = ScriptedModel(["Paris.", "another"])
    asking = kept(model, store)
    await asking.ask(request("Capital of France?"))
    assert (await asking.ask(other)).message.text == "another"


async def test_models_of_other_names_are_asked_anew(store: Store) -> None:
    await kept(ScriptedModel(["one"], name="one"), store).ask(request("Hello"))
    reply = await kept(ScriptedModel(["two"], name="two"), store).ask(request("Hello"))
    assert reply.message.text == "two"


async def test_a_call_that_failed_is_made_again(store: Store) -> None:
    asking = kept(ScriptedModel([ModelRefused("too long"), "short"]), store)
    with pytest.raises(ModelRefused):
        await asking.ask(request("Hello"))
    assert (await asking.ask(request("Hello"))).message.text == "short"


async def test_an_agent_works_on_what_is_kept(store: Store) -> None:
    model = ScriptedModel(["Paris."])
    for _ in range(2):
        result = await Agent("geographer", model=kept(model, store)).run("Capital of France?")
        assert result.output == "Paris."
    assert len(model.requests) == 1


def per_call(usd: str) -> Pricer:
    return lambda usage: Decimal(usd) * usage.model_calls


async def test_no_call_begins_that_the_budget_does_not_cover(store: Store) -> None:
    await store.allow("build", Budget(usd=Decimal("0.25")))
    model = ScriptedModel([f"reply {n}" for n in range(9)], price=per_call("0.10"))
    asking = kept(model, store, Purse(store, "build", "me", FakeClock()))
    for n in range(2):
        await asking.ask(request(f"question {n}"))
    with pytest.raises(BudgetError, match="same command goes on"):
        await asking.ask(request("question 2"))
    assert len(model.requests) == 2
    balance = (await store.balances(["build"]))["build"]
    assert balance.left("usd") == 50_000_000


async def test_what_is_kept_costs_nothing_of_the_budget(store: Store) -> None:
    await store.allow("build", Budget(model_calls=1))
    asking = kept(ScriptedModel(["reply"]), store, Purse(store, "build", "me", FakeClock()))
    replies: list[Reply] = [await asking.ask(request("question")) for _ in range(3)]
    assert {reply.message.text for reply in replies} == {"reply"}


async def test_a_refused_call_gives_back_what_was_held_for_it(store: Store) -> None:
    await store.allow("build", Budget(model_calls=1))
    purse = Purse(store, "build", "me", FakeClock())
    asking = kept(ScriptedModel([ModelRefused("too long"), "reply"]), store, purse)
    with pytest.raises(ModelRefused):
        await asking.ask(request("long question"))
    assert (await asking.ask(request("short question"))).message.text == "reply"
