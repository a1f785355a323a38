"""Runs in a store that make room in their conversation: gone on with, replayed, forked, paid for."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mainspring import Agent, Budget, Context, Prompt, ScriptedModel, tool, use
from mainspring.core import Answer, Event, FakeClock, Label, Message, Request, Summary, Usage
from mainspring.core.errors import ConfigError, ModelRefused, ModelUnavailable
from mainspring.core.events import (
    Attempted,
    BudgetExceeded,
    ChildCalled,
    ChildEnded,
    Compacted,
    Escalated,
    Finished,
    ModelCalled,
    ModelReplied,
    ToolCalled,
    ToolReturned,
)
from mainspring.models.prices import Rates
from mainspring.runs import Query
from mainspring.runs.by_step import by_step
from mainspring.runs.costs import Told, WorstCase
from tests.unit.agent.making import only
from tests.unit.runs.making import agent, crash, faulty, opened, plays, steps

WINDOW = 1_024
PRICE = Rates(input=Decimal(1), output=Decimal(1))


@tool(effect="fetch")
def look(n: int) -> str:
    """Look a page up."""
    return f"page {n} says {n * n}. " + "lorem ipsum dolor sit amet " * 15


def turns(n_pages: int = 14) -> ScriptedModel:
    """Make a model that looks so many pages up."""
    return plays([*(use("look", n=n) for n in range(n_pages)), *["done"] * 90], name="clerk", price=PRICE)


def clerk(summarizer: Any = None, *, model: Any = None, **settings: Any) -> Agent:
    """Make an agent that looks pages up, and makes room twice for that."""
    notes = summarizer or plays(["notes"], name="notes", price=PRICE)
    made: dict[str, Any] = {"context": Context(WINDOW, summarizer=notes), "name": "clerk"}
    return agent((), look, model=model or turns(), **made | settings)


def asked(of: Agent) -> list[Request]:
    assert isinstance(of.model, ScriptedModel)
    return of.model.requests


def summarizing(of: Agent) -> list[Request]:
    assert of.summarizer is not None
    return asked(of.summarizer)


def is_compacted(event: Event) -> bool:
    return isinstance(event, Compacted)


def told(events: Any) -> list[Event]:
    """Give what happened but for intents, which a crash may have had written twice."""
    return [event for event in steps(events) if event.type not in {"model_called", "tool_called", "child_called"}]


async def test_a_run_in_a_store_and_one_alone_make_the_same_room() -> None:
    worker = clerk()
    alone = await worker.run("go")
    async with opened() as runs:
        kept = await (await runs.start(worker, "go")).result()
    assert len(only(Compacted, kept.events)) == 2
    assert only(Compacted, kept.events) == only(Compacted, alone.events)
    assert (kept.output, kept.messages, kept.usage) == (alone.output, alone.messages, alone.usage)


async def test_a_run_that_made_room_is_replayed_from_its_journal_alone() -> None:
    async with opened() as runs:
        run = await runs.start(clerk(), "go")
        events = (await run.result()).events
        found = await runs.replay(run.id)
        assert (found.divergence, found.n_events) == (None, len(await run.events()))
    assert only(Compacted, events)


async def test_a_replay_under_another_context_departs_from_the_record() -> None:
    async with opened() as runs:
        run = await runs.start(clerk(), "go")
        await run.result()
        assert (await runs.replay(run.id, clerk())).divergence is None
        other = await runs.replay(run.id, clerk(context=Context(WINDOW, compact_at=0.9, summarizer=plays(["n"]))))
    assert other.divergence is not None


@pytest.mark.parametrize("dies_at", [ToolReturned, ChildEnded, Compacted], ids=lambda kind: str(kind.__name__))
async def test_a_crash_after_the_summarizers_reply_does_not_have_it_write_again(dies_at: type[Event]) -> None:
    clock, worker = FakeClock(1000.0), clerk()

    def is_there(event: Event) -> bool:
        key = getattr(event, "key", "")
        return isinstance(event, dies_at) and ("compact" in key)

    async with faulty() as store:
        run_id = await crash(store, clock, worker, is_there)
        n_before = len(summarizing(worker))
        async with opened(store, worker, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            assert (await runs.replay(run_id)).divergence is None
    assert n_before == 1
    assert len(summarizing(worker)) == len(only(Compacted, result.events)) == 2
    assert result.output == "done"


async def test_a_run_that_died_after_it_made_room_goes_on_in_the_same_window() -> None:
    clock, worker = FakeClock(1000.0), clerk()

    def is_late(event: Event) -> bool:
        return isinstance(event, ModelReplied) and event.turn == 10

    async with faulty() as store:
        run_id = await crash(store, clock, worker, is_late)
        before = asked(worker)[-1]
        async with opened(store, worker, clock=clock, seed=1) as runs:
            await (await runs.get(run_id)).result()
    again = next(request for request in asked(worker)[11:] if request.turn == 10)
    assert again.messages == before.messages
    assert any(message.summary for message in before.messages)


async def test_a_run_can_be_forked_wherever_it_made_room_and_each_fork_is_whole_in_itself() -> None:
    worker = clerk()
    async with opened() as runs:
        run = await runs.start(worker, "go")
        events = (await run.result()).events
        (room, *_) = [place for place, event in enumerate(events) if isinstance(event, Compacted)]
        for at in range(room - 5, room + 4):
            fork = await runs.fork(run.id, at=at)
            result = await fork.result()
            assert [event.type for event in steps(result.events)] == [event.type for event in steps(events)]
            assert only(Compacted, result.events) == only(Compacted, events)
            assert (await runs.replay(fork.id)).divergence is None


async def test_a_fork_reads_back_what_was_summed_up_before_it() -> None:
    def back(request: Request) -> Any:
        text = "\n".join(message.text for message in request.messages)
        return use("read_earlier", reference=text.rpartition('reference="')[2][:8])

    lines = [*(use("look", n=n) for n in range(10)), back, "done"]
    async with opened() as runs:
        run = await runs.start(clerk(model=plays(lines, name="clerk")), "go")
        events = (await run.result()).events
        at = next(place for place, event in enumerate(events) if isinstance(event, Compacted)) + 1
        fork = await runs.fork(run.id, at=at)
        result = await fork.result()
    assert "page 0 says 0." in only(ToolReturned, result.events)[-1].result.text


async def test_a_run_that_was_refused_as_too_long_goes_on_under_an_agent_that_makes_room() -> None:
    def line(request: Request) -> Any:
        if sum(len(message.text) for message in request.messages) > 2_500:
            return ModelRefused("answered 400: maximum context length is 600 tokens", status=400)
        return use("look", n=request.turn) if request.turn < 14 else "done"

    model = plays([line] * 99, name="clerk")
    lone = clerk(model=model, context=None)
    async with opened() as runs:
        run = await runs.start(lone, "go")
        with pytest.raises(ModelRefused, match=r"give the agent a context=Context\(\)"):
            await run.result()
        context = Context(summarizer=plays(["notes"] * 9, name="notes"))
        fork = await runs.fork(run.id, agent=lone.replace(context=context))
        result = await fork.result()
        assert (await runs.replay(fork.id)).divergence is None
    assert result.output == "done"
    assert {event.reason for event in only(Compacted, result.events)} == {"refused"}
    assert any(event.decision.type == "unusable" for event in only(ModelReplied, result.events))
    assert not any("maximum context length" in message.text for message in result.messages)


async def test_a_run_under_a_prompt_with_inputs_can_be_forked_to_an_agent_that_makes_room_and_back() -> None:
    prompt = Prompt("Be {{ manner }}.", inputs={"manner": "how to be"})
    plain, roomy = clerk(prompt=prompt, context=None), clerk(prompt=prompt)
    async with opened() as runs:
        run = await runs.start(plain, "go", inputs={"manner": "brief"})
        await run.result()
        there = await runs.fork(run.id, at=6, agent=roomy)
        result = await there.result()
        assert only(Compacted, result.events)
        assert (await runs.replay(there.id)).divergence is None
        back = await runs.fork(there.id, at=6, agent=plain)
        assert only(Compacted, (await back.result()).events) == []


async def test_the_summarizer_works_in_a_run_of_its_own_that_draws_on_the_same_budget() -> None:
    async with opened() as runs:
        run = await runs.start(clerk(), "go", budget=Budget(model_calls=30, tool_calls=30))
        result = await run.result()
        children = await runs.find(Query(parent=run.id))
        balance = await runs.balance(f"run:{run.id}")
        assert (await runs.replay(run.id)).divergence is None
    assert [row.agent for row in children] == ["clerk-summarizer", "clerk-summarizer"]
    assert [called.agent for called in only(ChildCalled, result.events)] == ["clerk-summarizer"] * 2
    assert (result.usage.model_calls, result.usage.tool_calls) == (17, 16)
    assert (balance.spent["model_calls"], balance.spent["tool_calls"]) == (17, 16)


async def test_what_is_held_back_for_a_call_covers_it_and_shrinks_where_room_was_made() -> None:
    worker = clerk()
    async with opened() as runs:
        events = (await (await runs.start(worker, "go")).result()).events
    worst, bounds = WorstCase(worker.job("go", str)), []
    for event in events:
        if isinstance(event, Told):
            worst.take(event)
        elif isinstance(event, ModelCalled):
            bounds.append(worst.of(event)["input_tokens"])
    used = [event.usage.input_tokens for event in only(ModelReplied, events)]
    assert all(bound >= n_tokens for bound, n_tokens in zip(bounds, used, strict=True))
    for compacted in only(Compacted, events):
        assert compacted.message is not None
        n_added = len(compacted.message.text) + 64
        assert bounds[compacted.turn] <= bounds[compacted.turn - 1] + n_added + 600
        assert bounds[compacted.turn] <= compacted.size_bytes + bounds[0]


async def test_what_a_summarizer_costs_has_to_be_known_for_a_budget_in_dollars_before_the_run() -> None:
    unpriced = plays(["notes"], name="unpriced", price=lambda _: None)
    async with opened() as runs:
        with pytest.raises(ConfigError, match="nobody knows what model 'unpriced' costs"):
            await runs.start(clerk(unpriced), "go", budget=Budget(usd=Decimal(1)))


def test_where_room_was_made_a_call_is_bounded_by_what_was_counted_and_the_summary_or_by_bytes() -> None:
    job = clerk().job("go", str)
    message = Message(role="user", parts=(Summary(text="x" * 300),), label=Label())
    call = ModelCalled(
        turn=1, model="clerk", n_messages=1, request_digest="", prompt_digest="", sampling=job.sampling
    )
    replied = ModelReplied(
        turn=0,
        model="clerk",
        decision=Answer(value="done"),
        label=Label(),
        finish_reason="stop",
        usage=Usage(input_tokens=90_000, output_tokens=10, model_calls=1),
        duration_s=0.0,
    )

    def bound(*told: Told) -> int:
        worst = WorstCase(job)
        for event in told:
            worst.take(event)
        return worst.of(call)["input_tokens"]

    assert bound(replied, room(message, size_bytes=10**6)) == bound(replied) + 300 + 64
    assert bound(replied, room(None, size_bytes=10**6)) - bound(replied) > 3 * 150
    assert bound(replied, room(message, size_bytes=500)) == bound() + 500
    escalated = Escalated(turn=1, from_model="clerk", to_model="clerk", reason="judge", problem="")
    assert bound(job.started, replied, room(message, size_bytes=500), escalated) == bound() + 500


def room(message: Message | None, *, size_bytes: int) -> Compacted:
    """Say that room was made: with a summary, or by shorter results."""
    return Compacted(
        turn=1,
        reason="full",
        n_replaced=0 if message is None else 9,
        n_shortened=3 if message is None else 0,
        tokens_before=90_000,
        tokens_after=100,
        size_bytes=size_bytes,
        by=None,
        message=message,
    )


async def test_a_budget_that_does_not_cover_the_summarizer_leaves_its_summary_out() -> None:
    worker = clerk(plays(["notes"], name="notes", price=Rates(input=Decimal(10_000), output=Decimal(10_000))))
    async with opened() as runs:
        run = await runs.start(worker, "go", budget=Budget(usd=Decimal("0.2")))
        result = await run.result()
        assert (await runs.replay(run.id)).divergence is None
    first, _ = only(Compacted, result.events)
    assert first.by is None
    assert first.problem.startswith("BudgetError: ")
    assert result.output == "done"
    assert only(BudgetExceeded, result.events) == []


async def test_a_run_whose_summarizer_failed_is_replayed_with_the_reason() -> None:
    worker = clerk(plays([ModelUnavailable("nobody there")], name="notes"))
    async with opened() as runs:
        run = await runs.start(worker, "go")
        result = await run.result()
        assert (await runs.replay(run.id)).divergence is None
    assert {event.problem for event in only(Compacted, result.events)} == {"ModelUnavailable: nobody there"}


async def test_a_run_keeps_the_window_that_it_started_with_though_the_agent_has_changed() -> None:
    clock, worker = FakeClock(1000.0), clerk()
    model = worker.model
    later = clerk(model=model, context=Context(100_000, summarizer=plays(["other"])))
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, ModelReplied))
        async with opened(store, later, clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert len(only(Compacted, result.events)) == 2
    assert only(Attempted, result.events)[-1].changed == ("context",)


async def test_an_agent_with_the_same_context_has_not_changed() -> None:
    clock = FakeClock(1000.0)
    async with faulty() as store:
        run_id = await crash(store, clock, clerk(), lambda event: isinstance(event, ModelReplied))
        async with opened(store, clerk(), clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
    assert only(Attempted, result.events)[-1].changed == ()


async def test_a_run_whose_agent_has_no_summarizer_any_more_leaves_messages_out_without_a_summary() -> None:
    clock, worker = FakeClock(1000.0), clerk()
    async with faulty() as store:
        run_id = await crash(store, clock, worker, lambda event: isinstance(event, ModelReplied))
        async with opened(store, clerk(model=worker.model, context=None), clock=clock, seed=1) as runs:
            result = await (await runs.get(run_id)).result()
            assert (await runs.replay(run_id)).divergence is None
    assert result.output == "done"
    assert [event.by for event in only(Compacted, result.events)] == [None, None]


async def test_the_window_that_was_known_of_the_model_is_kept_with_the_run() -> None:
    class Windowed(ScriptedModel):
        context_tokens = WINDOW

    lines: list[Callable[[Request], Any]] = [
        lambda request: use("look", n=request.turn) if request.turn < 14 else "done"
    ]
    worker = clerk(model=Windowed(lines * 99), context=Context(summarizer=plays(["notes"])))
    async with opened() as runs:
        run = await runs.start(worker, "go")
        result = await run.result()
        assert len(only(Compacted, result.events)) == 2
        assert (await runs.replay(run.id)).divergence is None


async def test_a_conversation_that_was_cut_is_gone_on_with_from_a_store_as_it_was_shown() -> None:
    async with opened() as runs:
        first = await (await runs.start(clerk(), "go")).result()
        worker = clerk(model=plays(["done"], name="clerk"), context=Context(4 * WINDOW))
        second = await (await runs.start(worker, "and now?", messages=first.messages)).result()
    assert only(Compacted, second.events) == []
    shown = asked(worker)[0].messages
    assert shown[1].summary is not None
    assert len(shown) < len(first.messages)


async def test_the_calls_of_the_summarizer_stand_in_the_step_before_which_they_were_made() -> None:
    async with opened() as runs:
        run = await runs.start(clerk(), "go")
        result = await run.result()
        other = await runs.start(clerk(model=turns(3)), "go")
        await other.result()
        found = by_step(await runs.store.entries(run.id)).steps
        compared = await runs.diff(run.id, other.id)
    at = [event.turn for event in only(Compacted, result.events)]
    kinds = {step.turn: {type(entry.event) for entry in step.entries} for step in found}
    assert [turn for turn, kind in kinds.items() if Compacted in kind] == at
    assert [turn for turn, kind in kinds.items() if ToolCalled in kind] == at
    (step,) = [step.one for step in compared.steps if step.turn == at[0]]
    assert step is not None
    assert [call.result for call in step.summed_up] == ["notes"]
    assert (step.usage.model_calls, step.usage.tool_calls) == (2, 2)


async def test_what_is_exported_tells_of_the_room_and_leaves_no_summary_in_a_conversation() -> None:
    async with opened() as runs:
        run = await runs.start(clerk(), "go")
        result = await run.result()
        page = await runs.export_page(run.id)
        messages = await runs.export_messages(run.id)
    first = only(Compacted, result.events)[0]
    assert f"room was made: {first.n_replaced} older messages replaced" in page
    assert f"about {first.tokens_before:,} tokens before" in page
    assert "summed up by" in page
    assert "were left out here" not in str(messages)
    assert str(messages).count("says") == 14


async def test_a_run_ends_with_its_answer_and_every_call_of_it_is_in_the_journal_once() -> None:
    async with opened() as runs:
        run = await runs.start(clerk(), "go")
        events = (await run.result()).events
    assert isinstance(events[-1], Finished)
    keys = [event.key for event in events if isinstance(event, ModelCalled | ToolCalled | ChildCalled)]
    assert len(keys) == len(set(keys))
