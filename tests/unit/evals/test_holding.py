"""Holding a model to a suite: scored, kept as it goes, gone on with after a kill, judged where it has to be."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import JsonValue

from mainspring import ScriptedModel, use
from mainspring.core import Answer, FakeClock, Request
from mainspring.core.errors import ConfigError, ModelRefused, ModelUnavailable
from mainspring.evals import Judge, Outcome, Results, compare, hold, load_suite, read_kept, work_of
from tests.unit.evals.making import CAPITAL, SUM, write_suite

JUDGED: list[dict[str, JsonValue]] = [
    {"id": f"j{number}", "question": f"Say {number}.", "expect": {"answer": f"number {number}"}, "scorer": "judge"}
    for number in range(10)
]


def judging(request: Request) -> Answer:
    """Accept what has the right answer's words in it."""
    words = request.messages[0].text
    answer, right = (words.split(f"{head}:\n")[1].split("\n")[0] for head in ("The answer", "A right answer"))
    return Answer(value={"reason": "it says so", "meets": answer == right})


async def test_a_decision_is_scored_and_what_it_took_is_kept(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", SUM, CAPITAL)))
    clock = FakeClock(1_000_000)

    def slow(_: Request) -> str:
        clock.advance(2.5)
        return "London"

    model = ScriptedModel([use("add", a=2, b=3), slow], price=lambda usage: Decimal(usage.output_tokens))
    told: list[Outcome] = []
    held = await hold(suite, model, concurrency=1, clock=clock, on_outcome=told.append, kept=tmp_path / "out.jsonl")
    first, second = held.outcomes
    assert (first.score, first.said) == (1, [{"name": "add", "arguments": {"a": 2, "b": 3}}])
    assert (second.score, second.said, second.why, second.seconds) == (0, "London", "it is not 'Paris'", 2.5)
    assert second.cost_usd == second.output_tokens == len("London") // 4
    assert held.score == 0.5
    assert (held.at, held.answered_by) == ("1970-01-12T13:46:40+00:00", ("scripted",))
    assert told == list(held.outcomes)
    assert [request.sampling.temperature for request in model.requests] == [0, 0]
    assert read_kept(tmp_path / "out.jsonl").held == held


async def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", SUM, CAPITAL)))
    place = tmp_path / "out.jsonl"
    await hold(suite, ScriptedModel([use("add", a=2, b=3), "Paris"]), concurrency=1, kept=place)
    lines = place.read_text().splitlines(keepends=True)
    place.write_text("".join(lines[:2]) + lines[2][:40])
    model = ScriptedModel(["Paris"])
    held = await hold(suite, model, kept=place)
    assert len(model.requests) == 1
    assert [one.score for one in held.outcomes] == [1, 1]
    assert read_kept(place).held.outcomes == held.outcomes


async def test_a_failed_call_is_an_outcome_and_is_tried_again(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", SUM, CAPITAL)))
    place = tmp_path / "out.jsonl"
    model = ScriptedModel([ModelUnavailable("it is down"), "Paris"])
    held = await hold(suite, model, concurrency=1, kept=place)
    assert [(one.score, one.error) for one in held.outcomes] == [(0, "ModelUnavailable: it is down"), (1, "")]
    assert not read_kept(place).is_complete
    again = await hold(suite, ScriptedModel([use("add", a=2, b=3)]), kept=place)
    assert again.score == 1
    assert read_kept(place).is_complete


async def test_a_file_of_other_work_is_not_written_to(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", CAPITAL)))
    await hold(suite, ScriptedModel(["Paris"]), kept=tmp_path / "out.jsonl")
    with pytest.raises(ConfigError, match="name another file"):
        await hold(suite, ScriptedModel(["Paris"], name="other"), kept=tmp_path / "out.jsonl")
    newer = (tmp_path / "out.jsonl").read_text().replace('"version":1', '"version":2')
    (tmp_path / "newer.jsonl").write_text(newer)
    with pytest.raises(ConfigError, match="written by a newer Mainspring"):
        read_kept(tmp_path / "newer.jsonl")
    (tmp_path / "words").write_text("words\n")
    with pytest.raises(ConfigError, match="no file of results"):
        await hold(suite, ScriptedModel(["Paris"]), kept=tmp_path / "words")


async def test_as_many_cases_are_asked_at_once_as_was_said(tmp_path: Path) -> None:
    rows: list[JsonValue] = [
        {"id": f"q{number}", "question": "?", "expect": {"answer": "a"}} for number in range(7)
    ]
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", *rows)))
    held = await hold(suite, ScriptedModel(["a"] * 7), concurrency=3)
    assert [one.case for one in held.outcomes] == [f"q{number}" for number in range(7)]
    assert held.score == 1


async def test_a_judge_is_measured_and_its_errors_are_put_right(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", *JUDGED)))
    judge = Judge(ScriptedModel([judging] * 60, name="judge"))
    answers = [f"number {number}" if number < 6 else "something else" for number in range(10)]
    held = await hold(suite, ScriptedModel(answers), concurrency=1, judge=judge, kept=tmp_path / "o.jsonl")
    assert held.score == 0.6
    assert held.judge is not None
    assert (held.judge.n_good, held.judge.n_bad, held.judge.n_false_accepts) == (10, 10, 0)
    assert held.judge.is_planted
    (side,) = compare([held]).sides
    assert side.score.interval.estimate == pytest.approx(0.6)
    assert "corrected for the judge" in side.judge_note
    n_asked = len(judge.model.requests)  # type: ignore[attr-defined]
    await hold(suite, ScriptedModel([]), judge=judge, kept=tmp_path / "o.jsonl")
    assert len(judge.model.requests) == n_asked  # type: ignore[attr-defined]


async def test_a_judge_that_accepts_everything_is_marked(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", *JUDGED)))
    lenient = Judge(ScriptedModel([Answer(value={"reason": "", "meets": True})] * 60, name="lenient"))
    (side,) = compare([await hold(suite, ScriptedModel(["?"] * 10), judge=lenient)]).sides
    assert side.judge_note == (
        "not to be relied on: the judge let 10 of 10 bad controls pass and refused 0 of 10 good ones"
    )


async def test_the_controls_of_a_suite_go_before_made_ones(tmp_path: Path) -> None:
    write_suite(tmp_path / "s.jsonl", *JUDGED)
    write_suite(
        tmp_path / "controls.jsonl",
        {"question": "Say 1.", "expect": {"answer": "number 1"}, "said": "number 1", "good": True},
        {"question": "Say 1.", "expect": {"answer": "number 1"}, "said": "number 7", "good": False},
    )
    suite = load_suite(str(tmp_path))
    held = await hold(suite, ScriptedModel(["?"] * 10), judge=Judge(ScriptedModel([judging] * 60)))
    assert held.judge is not None
    assert (held.judge.n_good, held.judge.n_bad, held.judge.is_planted) == (1, 1, False)


async def test_cases_that_want_a_judge_are_not_begun_without(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", *JUDGED)))
    with pytest.raises(ConfigError, match="10 cases of 's' want a judge"):
        await hold(suite, ScriptedModel([]))


async def test_what_a_judge_cannot_say_is_no_verdict(tmp_path: Path) -> None:
    suite = load_suite(
        str(write_suite(tmp_path / "s.jsonl", {**JUDGED[0], "expect": {"criterion": "It is kind."}}))
    )
    judge = Judge(ScriptedModel([ModelRefused("no"), "what?"]))
    held = await hold(suite, ScriptedModel(["?"]), judge=judge)
    assert held.outcomes[0].error == "ModelRefused: no"
    again = await hold(suite, ScriptedModel(["?"]), judge=judge)
    assert "gave no verdict" in again.outcomes[0].error


async def test_results_find_what_is_whole_and_what_was_cut_off(tmp_path: Path) -> None:
    suite = load_suite(str(write_suite(tmp_path / "s.jsonl", SUM, CAPITAL)))
    results, model = Results(tmp_path / "evals"), ScriptedModel([ModelUnavailable("down"), "Paris"], name="a/b:c")
    clock = FakeClock(1_000_000)
    work = work_of(suite, model, clock=clock)
    place = results.place(work)
    assert place == tmp_path / "evals" / "s" / "a-b-c-19700112-134640.jsonl"
    await hold(suite, model, kept=place, concurrency=1, clock=clock)
    assert results.place(work) == place
    await hold(suite, ScriptedModel([use("add", a=2, b=3)], name="a/b:c"), kept=place, clock=clock)
    assert results.place(work) != place
    found = results.of(work)
    assert found is not None
    assert found.is_complete
    assert results.named("a/b:c").path == results.named("a-b-c").path == place
    with pytest.raises(ConfigError, match="no results 'x'"):
        results.named("x")
