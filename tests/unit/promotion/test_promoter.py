"""Promotions as runs: what is held, gated, asked and written, and that a crash at any step changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainspring.core import FakeClock
from mainspring.core.errors import ConfigError
from mainspring.core.events import Finished, ToolCalled, ToolReturned
from mainspring.models.config import PooledSettings, load_settings
from mainspring.promotion import (
    CanaryReview,
    Decision,
    Live,
    MemberLive,
    Promotion,
    begin,
    decisions,
    last_share,
    promoter,
)
from mainspring.promotion.members import present_share
from mainspring.promotion.settings_file import SettingsFile
from mainspring.runs import Runs
from tests.unit.models.wire import Wire, said
from tests.unit.promotion.making import SETTINGS, kept, settings
from tests.unit.runs.making import crash, faulty, opened, the_question

GOOD, BAD = [1.0] * 100, [1.0] * 80 + [0.0] * 20
CASE = {"messages": [{"role": "user", "content": "Which year?"}], "expect": {"says": ["1969"]}}


def order(folder: Path, candidate: list[float] = GOOD, present: list[float] = GOOD, **more: Any) -> Promotion:
    """Order a promotion by results that are there."""
    path = folder / "mainspring.toml"
    if not path.exists():
        settings(folder)
    results = (kept(folder / "tuned.jsonl", candidate), kept(folder / "present.jsonl", present, "support"))
    made = {"settings": path, "pool": "support", "model": "tuned", "results": results, "by": "ada"}
    return Promotion(**made | more)


def share(folder: Path) -> float:
    """Give the share that the tuned model has."""
    return present_share(SettingsFile(folder / "mainspring.toml").models(), "support", "tuned")


async def decided(runs: Runs, wanted: Promotion | CanaryReview) -> Decision:
    """Have something decided."""
    await (await begin(runs, wanted)).result()
    return (await decisions(runs, wanted.pool))[0]


async def test_a_model_that_passes_has_its_share_and_the_record_has_the_figures(tmp_path: Path) -> None:
    async with opened(clock=FakeClock(5000.0)) as runs:
        decision = await decided(runs, order(tmp_path))
        assert (await runs.replay(decision.run)).divergence is None
    assert share(tmp_path) == pytest.approx(0.1)
    assert (decision.state, decision.by, decision.share, decision.at) == ("done", "ada", 0.1, 5000.0)
    assert decision.verdict is not None
    assert decision.verdict.task.candidate == 1.0
    assert decision.shared is not None
    assert [one.name for one in decision.shared.after] == ["local:large.gguf", "tuned"]


async def test_a_model_that_does_not_pass_leaves_the_pool_as_it_is(tmp_path: Path) -> None:
    async with opened() as runs:
        decision = await decided(runs, order(tmp_path, BAD, GOOD))
    assert decision.state == "left"
    assert "worse by more than 0.03" in decision.says
    assert (tmp_path / "mainspring.toml").read_text() == SETTINGS


async def test_a_model_of_which_the_cases_do_not_tell_is_tried_with_less_than_was_asked_for(tmp_path: Path) -> None:
    one, other = [1.0] * 50 + [0.0] * 10 + [1.0] * 9, [1.0] * 50 + [1.0] * 10 + [0.0] * 9
    async with opened() as runs:
        decision = await decided(runs, order(tmp_path, one, other, share=1.0, kept_as="support-large"))
    assert (decision.state, decision.share) == ("done", 0.1)
    assert "so it may be tried with 10%" in decision.says
    assert share(tmp_path) == pytest.approx(0.1)
    assert "support-large" not in SettingsFile(tmp_path / "mainspring.toml").models()


@pytest.mark.parametrize("verdict", ["approve", "deny"])
async def test_a_human_says_whether_it_may_take_part(verdict: str, tmp_path: Path) -> None:
    async with opened() as runs:
        run = await begin(runs, order(tmp_path, asks=True))
        question = await the_question(run)
        assert question.question.startswith("May tuned have 10% of support? task: 1.000 against 1.000")
        assert share(tmp_path) == 0
        await getattr(runs.inbox, verdict)(question.id, by="boss")
        await run.result()
        (decision,) = await decisions(runs, "support")
    assert decision.by == "boss"
    assert decision.state == ("done" if verdict == "approve" else "left")
    assert (share(tmp_path) > 0) == (verdict == "approve")


async def test_a_human_may_give_another_share(tmp_path: Path) -> None:
    async with opened() as runs:
        run = await begin(runs, order(tmp_path, asks=True))
        question = await the_question(run)
        assert question.call is not None
        await runs.inbox.edit(question.id, {**question.call.arguments, "share": 0.02}, by="boss")
        assert "tuned has 2% of support" in (await run.result()).output
        assert (await decisions(runs, "support"))[0].share == 0.02
    assert share(tmp_path) == pytest.approx(0.02)


async def test_what_nobody_measured_wants_a_human(tmp_path: Path) -> None:
    async with opened() as runs:
        run = await begin(runs, order(tmp_path, results=()))
        assert "held to no suite" in (await the_question(run)).question


async def test_both_are_held_to_the_suite_and_the_present_one_without_the_candidate(tmp_path: Path) -> None:
    suite = tmp_path / "task.jsonl"
    suite.write_text("".join(json.dumps({"id": f"c{number}", **CASE}) + "\n" for number in range(3)))
    answer = said(json.dumps({"thought": "", "answer": "1969"}))
    async with Wire(*[answer] * 3) as tuned, Wire(*[answer] * 3) as large:
        path = settings(
            tmp_path,
            f"[models.support]\nmembers = [\n"
            f'  {{ url = "{large.base_url}", model = "large", mode = "structured" }},\n'
            f'  {{ name = "tuned", url = "{tuned.base_url}", model = "t", mode = "structured", weight = 9 }},\n]\n'
            f'[models.tuned]\nurl = "{tuned.base_url}"\nmodel = "t"\nmode = "structured"\n',
        )
        wanted = Promotion(
            settings=path, pool="support", model="tuned", suite=str(suite), folder=tmp_path / "evals", share=0.5
        )
        async with opened() as runs:
            decision = await decided(runs, wanted)
    assert (len(tuned.asked), len(large.asked)) == (3, 3)
    assert decision.state == "left"
    assert decision.verdict is not None
    assert (decision.verdict.task.candidate, decision.verdict.task.present) == (1.0, 1.0)
    assert "too few cases" in decision.says
    assert len(list((tmp_path / "evals" / "promotions" / decision.run).iterdir())) == 2


async def test_a_suite_that_is_not_there_is_said_and_promotes_nobody(tmp_path: Path) -> None:
    wanted = order(tmp_path, results=(), suite=str(tmp_path / "none.jsonl"))
    async with opened() as runs:
        decision = await decided(runs, wanted)
    assert decision.state == "left"
    assert "tuned is not promoted" in decision.says
    assert "none.jsonl" in decision.says
    assert share(tmp_path) == 0


@pytest.mark.parametrize(
    "moment",
    [
        lambda event: isinstance(event, ToolReturned) and event.result.name == "gate",
        lambda event: isinstance(event, ToolCalled) and event.call.name == "share",
        lambda event: isinstance(event, ToolReturned) and event.result.name == "share",
        lambda event: isinstance(event, Finished),
    ],
    ids=["gate", "before the share", "after the share", "end"],
)
async def test_a_promotion_that_is_cut_off_goes_on_to_the_same_pool(moment: Any, tmp_path: Path) -> None:
    clock, wanted = FakeClock(1000.0), order(tmp_path)
    async with faulty() as store:
        run = await crash(store, clock, promoter, moment, wanted.model_dump_json())
        async with opened(store, promoter, clock=clock, seed=1) as runs:
            assert "tuned has 10% of support" in (await (await runs.get(run)).result()).output
            (decision,) = await decisions(runs, "support")
    assert decision.state == "done"
    assert share(tmp_path) == pytest.approx(0.1)
    pool = load_settings(tmp_path / "mainspring.toml").models["support"]
    assert isinstance(pool, PooledSettings)
    assert len(pool.members) == 2


async def test_about_one_pool_one_thing_is_decided_at_a_time(tmp_path: Path) -> None:
    wanted = order(tmp_path, asks=True)
    async with opened() as runs:
        run = await begin(runs, wanted)
        await the_question(run)
        assert (await begin(runs, wanted)).id == run.id
        with pytest.raises(ConfigError, match=f"being decided on in {run.id}"):
            await begin(runs, wanted.model_copy(update={"share": 0.5}))
        await runs.cancel(run.id)
        other = await begin(runs, wanted.model_copy(update={"share": 0.5}))
        await the_question(other)
        assert {one.state for one in await decisions(runs, "support")} == {"cancelled", "waiting"}


def review(folder: Path, own: tuple[int, int], others: tuple[int, int], **more: Any) -> CanaryReview:
    """Order a review of a canary by the runs in which it and the others failed."""
    members = tuple(
        MemberLive(name=name, runs=runs, faulty_runs=faulty)
        for name, (faulty, runs) in {"tuned": own, "large": others}.items()
    )
    made = {"settings": folder / "mainspring.toml", "pool": "support", "model": "tuned", "share": share(folder)}
    return CanaryReview(**made | {"live": Live(pool="support", since=0.0, members=members), "by": "cron"} | more)


async def test_a_canary_is_widened_and_withdrawn_and_all_of_it_is_in_the_history(tmp_path: Path) -> None:
    clock = FakeClock(1000.0)
    async with opened(clock=clock) as runs:
        await decided(runs, order(tmp_path))
        for own, expected in ((0, 0.25), (0, 0.5), (0, 1.0), (60, 0.0)):
            clock.advance(100.0)
            await decided(runs, review(tmp_path, (own, 200), (0, 2000)))
            assert share(tmp_path) == pytest.approx(expected, abs=0.001)
        found = await decisions(runs, "support")
        assert (await last_share(runs, "support")).run == found[0].run
    assert [one.share for one in found] == [0.0, 1.0, 0.5, 0.25, 0.1]
    assert found[0].weighing is not None
    assert found[0].weighing.candidate.faulty_runs == 60


async def test_a_human_is_waited_for_to_widen_a_canary_and_never_to_withdraw_it(tmp_path: Path) -> None:
    async with opened() as runs:
        await decided(runs, order(tmp_path))
        run = await begin(runs, review(tmp_path, (0, 200), (0, 2000), asks=True))
        question = await the_question(run)
        await runs.inbox.deny(question.id, by="boss", reason="not on a Friday")
        assert "not on a Friday" in (await run.result()).output
        assert share(tmp_path) == pytest.approx(0.1)
        withdrawn = await decided(runs, review(tmp_path, (60, 200), (0, 2000), asks=True))
    assert withdrawn.state == "done"
    assert withdrawn.answers == ()
    assert share(tmp_path) == 0


async def test_nothing_was_promoted_where_nothing_was(tmp_path: Path) -> None:
    async with opened() as runs:
        with pytest.raises(ConfigError, match="nothing was promoted in 'support'"):
            await last_share(runs, "support")
