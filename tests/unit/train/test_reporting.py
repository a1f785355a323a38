"""Reports: the figures of a run, and the page that draws them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mainspring.core.errors import ConfigError
from mainspring.train.folder import RunFolder
from mainspring.train.launching import plan_folder, prepare
from mainspring.train.reporting import read_figures, write_report
from mainspring.train.reporting.curves import Series, chart
from tests.unit.train.standing import ENDED, STARTED, evaluation, job, step

LINES: list[dict[str, Any]] = [
    STARTED,
    step(1, 3.0),
    evaluation(1, 2.5),
    {"kind": "saved", "at": 1.0, "step": 1, "seconds": 0.1},
    {**step(2, 1.0), "seconds": 1.5, "peak_memory_mb": 700.0},
    evaluation(2, 2.75),
    ENDED,
]


def run_folder(tmp_path: Path, *lines: dict[str, Any], **settings: Any) -> RunFolder:
    """Make the folder of a run that told so."""
    folder = prepare(job(tmp_path, **settings))
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder.checkpoints / "step-000001").mkdir(parents=True)
    folder.model.mkdir()
    return folder


def test_figures_are_read_from_what_the_engine_told(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, *LINES)
    figures = read_figures(folder, plan_folder(folder))

    assert figures.is_done
    assert (figures.step, figures.steps) == (2, 2)
    assert (figures.first_loss, figures.loss) == (3.0, 1.0)
    assert (figures.held_out, figures.best_held_out, figures.best_step) == (2.75, 2.5, 1)
    assert figures.tokens == 120
    assert figures.tokens_per_s == pytest.approx((120 + 40) / 2)
    assert figures.peak_memory_mb == 700.0
    assert figures.planned_memory_mb == pytest.approx(plan_folder(folder).process_mb)
    assert figures.checkpoints == ("step-000001",)
    assert figures.mfu is None


def test_on_a_known_gpu_the_share_of_its_arithmetic_is_told(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, {**STARTED, "device": "NVIDIA H100 80GB HBM3"}, *LINES[1:])
    plan = plan_folder(folder)
    mfu = read_figures(folder, plan).mfu
    assert mfu == pytest.approx(80 * plan.flops_per_token / 989e12)


def test_a_run_that_goes_on_is_not_done(tmp_path: Path) -> None:
    assert not read_figures(run_folder(tmp_path, *LINES[:3])).is_done


def test_a_folder_where_nothing_has_begun_has_no_figures(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with pytest.raises(ConfigError, match="no training that has begun"):
        read_figures(folder)
    assert not write_report(folder)


def test_the_page_shows_everything_and_needs_nothing_else(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, *LINES, rehearsal_share=0.25)
    left_out = folder.rows("train").with_name("left_out.jsonl")
    left_out.write_text('{"id": "train-00000.jsonl:9", "says": "<b>too long</b>"}\n')

    assert write_report(folder, plan_folder(folder))

    page = folder.report.read_text()
    assert page.count("<polyline") == 5
    assert "Memory planned for one process" in page
    assert "700 MB" in page
    assert "train-00000.jsonl:9" in page
    assert "&lt;b&gt;too long" in page
    assert "rehearsal_share" in page
    assert "step-000001" in page
    assert not re.search(r"<script|https?://|@import|url\(", page)


def test_a_chart_lies_within_its_frame_and_begins_at_zero() -> None:
    drawn = chart("Loss", Series("learnt", "brass", [(1, 3.2), (2, 2.0), (3, float("nan")), (10, 0.5)]))
    assert drawn is not None
    places = [tuple(map(float, pair.split(","))) for pair in drawn.lines[0].points.split()]
    assert [place[0] for place in places] == sorted(place[0] for place in places)
    assert len(places) == 3
    assert drawn.upward[0].label == "0"
    assert all(0 <= x <= 720 and 0 <= y <= 220 for x, y in places)
    highest, lowest = places[0], places[-1]
    assert highest[1] < lowest[1]


def test_a_chart_without_points_is_none_and_of_one_point_a_dot() -> None:
    assert chart("Loss", Series("learnt", "brass", [])) is None
    dotted = chart("Loss", Series("learnt", "brass", [(4, 2.0)]))
    assert dotted is not None
    assert dotted.lines[0].is_dotted
