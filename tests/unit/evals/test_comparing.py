"""Models side by side: differences on the same cases, what was gained and lost, what it took; and the page."""

import pytest

from mainspring.core.errors import ConfigError
from mainspring.evals import Outcome, changes, compare
from mainspring.evals.drawing import page
from mainspring.evals.outcome import Held
from tests.unit.evals.making import held

BASE = held("base", [0, 0, 1, 1, 0, 0, 1, 0])
TUNED = held("tuned", [1, 1, 1, 0, 1, 1, 1, 0.5], seconds=0.1, cost="0.001")


def test_models_are_compared_on_the_same_cases() -> None:
    found = compare([BASE, TUNED])
    base, tuned = found.sides
    assert found.reference is base
    assert base.difference is None
    assert tuned.difference is not None
    assert tuned.difference.interval.estimate == pytest.approx(TUNED.score - BASE.score)
    assert tuned.difference.gained == ("c0", "c1", "c4", "c5")
    assert tuned.difference.lost == ("c3",)
    assert (tuned.score.n, tuned.score.n_right) == (8, 6)
    assert tuned.seconds_ratio == pytest.approx(0.1)
    assert tuned.cost_ratio == pytest.approx(0.1)
    assert tuned.tags["even"].interval.estimate == 1


def test_of_a_models_file_the_end_of_its_path_is_its_name() -> None:
    files = [held(name, [1, 0]) for name in ("local:/models/tuned/model.gguf", "local:tuned/model.gguf")]

    assert [side.name for side in compare(files).sides] == ["local:…/tuned/model.gguf", "local:tuned/model.gguf"]


def test_the_reference_can_be_any_of_them() -> None:
    found = compare([TUNED, BASE], against=1)
    assert found.reference.name == "base"
    assert found.sides[0].difference is not None
    assert found.sides[0].difference.lost == ("c3",)


def test_cases_are_paired_by_their_id_and_not_by_their_place() -> None:
    turned = TUNED.model_copy(update={"outcomes": TUNED.outcomes[::-1]})
    one, other = (compare([BASE, each]).sides[1].difference for each in (TUNED, turned))
    assert one is not None
    assert other is not None
    assert set(one.gained) == set(other.gained)
    assert one.interval == other.interval


def test_clusters_widen_the_interval() -> None:
    same = held("base", [0, 0, 1, 1, 0, 0, 1, 1] * 5)
    one, other = (compare([same], cluster=cluster).sides[0].score.interval for cluster in ("", "doc:"))
    assert other.high - other.low > one.high - one.low


def test_other_cases_are_refused_in_clear_words() -> None:
    with pytest.raises(ConfigError, match="held to other cases"):
        compare([BASE, held("tuned", [1], digest="other")])
    with pytest.raises(ConfigError, match="2 have an outcome of one of them only"):
        compare([BASE, held("tuned", [1] * 6)])
    with pytest.raises(ConfigError, match="hold no outcome"):
        compare([BASE, held("tuned", [])])
    with pytest.raises(ConfigError, match="nothing to compare"):
        compare([])


def test_prompts_of_one_model_have_names_of_their_own() -> None:
    one, other = (BASE.model_copy(update={"prompt": f"desk@{version} abc"}) for version in (1, 2))
    assert [side.name for side in compare([one, other]).sides] == ["desk@1", "desk@2"]
    assert [side.name for side in compare([one, one]).sides] == ["base (1)", "base (2)"]


def test_an_unknown_price_makes_no_ratio_and_an_error_no_time() -> None:
    failed = Outcome(case="c0", score=0, error="down", seconds=60)
    broken = TUNED.model_copy(update={"outcomes": (failed, *TUNED.outcomes[1:])})
    side = compare([held("free", [1] * 8, cost=None), broken]).sides[1]
    assert side.cost_ratio is None
    assert side.n_errors == 1
    assert side.effort.seconds == pytest.approx(0.1)


def test_a_diff_tells_each_kind_of_change_with_what_was_said() -> None:
    found = {change.case: change for change in changes(BASE, TUNED)}
    assert [found[case].kind for case in ("c0", "c3", "c7", "c2")] == ["gained", "lost", "better", "said"]
    assert found["c3"].one.said == "base says 1"
    assert changes(BASE, BASE) == []
    with pytest.raises(ConfigError, match="no case in common"):
        changes(BASE, Held(suite="x", suite_digest="x", model="m", outcomes=(Outcome(case="y", score=1),)))


def test_the_page_has_the_picture_the_tags_and_the_turned_cases_and_escapes_what_was_said() -> None:
    said = Outcome(case="c0", score=1, said="<script>alert(1)</script>\x1b[2J", seconds=0.1, cost_usd=1)
    found = compare([BASE, TUNED.model_copy(update={"outcomes": (said, *TUNED.outcomes[1:])})])
    drawn = page(found)
    assert drawn.count("<figure>") == 2
    assert "<script>" not in drawn
    assert "&lt;script&gt;alert(1)&lt;/script&gt;␛[2J" in drawn
    assert "tuned: gained against base" in drawn
    assert "<td>odd</td>" in drawn
    assert drawn == page(found)


def test_a_page_without_known_costs_draws_none() -> None:
    assert page(compare([held("a", [1, 0], cost="0"), held("b", [1, 1], cost="0")])).count("<figure>") == 1
