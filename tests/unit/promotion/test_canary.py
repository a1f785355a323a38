"""A canary by its live results: what is counted to whom, and what follows from it."""

import pytest

from mainspring import ScriptedModel, use
from mainspring.core import FakeClock, Unusable
from mainspring.promotion import CanaryRule, Live, MemberLive, live, weigh
from tests.unit.promotion.making import serve
from tests.unit.runs.making import opened

RULE = CanaryRule()


def did(name: str, faulty: int, runs: int) -> MemberLive:
    """Say what a member did."""
    return MemberLive(name=name, runs=runs, faulty_runs=faulty, decisions=2 * runs)


def weighed(own: tuple[int, int], others: tuple[int, int], share: float = 0.1) -> tuple[str, float]:
    """Say what becomes of a canary by the runs in which it and another failed."""
    members = (did("tuned", *own), did("large", *others))
    weighing = weigh(Live(pool="support", since=0.0, members=members), "tuned", share, RULE)
    return weighing.action, weighing.share_to


async def test_faults_are_laid_to_the_member_whose_decision_they_came_of() -> None:
    async with opened() as runs:
        await serve(runs, "large", ["good"], ["good"])
        await serve(runs, "tuned", ["good"], [use("look"), "good"], [use("pay"), "good"], ["good"])
        seen = await live(runs.store, "support", 0.0)
    large, tuned = seen.members
    assert (large.name, large.runs, large.faulty_runs, large.decisions) == ("large", 2, 0, 2)
    assert (tuned.name, tuned.runs, tuned.faulty_runs, tuned.decisions) == ("tuned", 4, 2, 6)
    assert (tuned.failed_tools, tuned.denied, tuned.unusable, tuned.escalated) == (1, 1, 0, 0)


async def test_an_escalation_counts_against_the_small_one_alone() -> None:
    async with opened() as runs:
        large = ScriptedModel(["good"], name="large")
        await serve(runs, "tuned", [use("look"), use("look"), "never said"], escalate=large)
        (tuned,) = (await live(runs.store, "support", 0.0)).members
    assert (tuned.name, tuned.decisions, tuned.escalated, tuned.failed_tools, tuned.faulty_runs) == (
        "tuned",
        2,
        1,
        2,
        1,
    )


async def test_replies_that_cannot_be_used_and_runs_that_end_for_want_of_others_are_counted() -> None:
    words = Unusable(reason="neither a call nor an answer", written="hm")
    async with opened() as runs:
        await serve(runs, "tuned", [words, "good"], [words, words, words])
        (tuned,) = (await live(runs.store, "support", 0.0)).members
    assert (tuned.runs, tuned.faulty_runs, tuned.unusable, tuned.failed_runs) == (2, 2, 2, 1)


async def test_only_runs_since_the_share_was_given_count() -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        await serve(runs, "tuned", [use("look"), "good"])
        clock.advance(10.0)
        await serve(runs, "tuned", ["good"])
        (tuned,) = (await live(runs.store, "support", 1005.0)).members
        assert (tuned.runs, tuned.faulty_runs) == (1, 0)
        assert (await live(runs.store, "support", 2000.0)).members == ()
        assert (await live(runs.store, "another", 0.0)).members == ()


async def test_the_processes_of_a_member_are_one_member() -> None:
    async with opened() as runs:
        await serve(runs, "tuned#0", ["good"])
        await serve(runs, "tuned#1", ["good"])
        await serve(runs, "large", ["good"])
        own, others = (await live(runs.store, "support", 0.0)).split("tuned")
    assert (own.name, own.runs, others.runs) == ("tuned", 2, 1)


def test_a_canary_that_fails_no_more_often_goes_up_the_ladder() -> None:
    assert [weighed((0, 300), (0, 3000), share) for share in (0.05, 0.1, 0.25, 0.5)] == [
        ("widen", 0.1),
        ("widen", 0.25),
        ("widen", 0.5),
        ("widen", 1.0),
    ]
    assert weighed((0, 300), (0, 3000), 1.0) == ("hold", 1.0)


def test_a_canary_of_few_runs_is_left_as_it_is_however_well_it_does() -> None:
    assert weighed((0, 20), (0, 200)) == ("hold", 0.1)


def test_a_canary_that_is_worse_beyond_the_interval_is_withdrawn_at_any_share() -> None:
    assert weighed((12, 40), (10, 400)) == ("withdraw", 0.0)
    assert weighed((2, 40), (10, 400)) == ("hold", 0.1)
    assert weighed((12, 40), (10, 400), 1.0) == ("withdraw", 0.0)


@pytest.mark.parametrize("n", [0, 30, 72])
def test_it_is_said_how_many_runs_it_takes(n: int) -> None:
    seen = Live(pool="support", since=0.0, members=(did("tuned", 0, n), did("large", 0, 100_000)))
    assert "about 73 of its own" in weigh(seen, "tuned", 0.1, RULE).why
    enough = Live(pool="support", since=0.0, members=(did("tuned", 0, 74), did("large", 0, 100_000)))
    assert weigh(enough, "tuned", 0.1, RULE).action == "widen"
