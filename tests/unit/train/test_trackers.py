"""Trackers: what is told to them, and what is said where one is not installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from mainspring.core.errors import ConfigError
from mainspring.train.metrics import Line
from mainspring.train.trackers import figures, open_trackers, settings
from tests.unit.train.standing import ENDED, evaluation, job, step

LINE: TypeAdapter[Line] = TypeAdapter(Line)


def test_steps_and_evaluations_have_figures_and_the_rest_has_none() -> None:
    told = figures(LINE.validate_python(step(1, 2.0)))
    assert told["train/loss"] == 2.0
    assert told["train/tokens_per_s"] == 120.0
    assert figures(LINE.validate_python(evaluation(1, 1.5))) == {"validation/loss": 1.5}
    assert figures(LINE.validate_python(ENDED)) == {}


def test_settings_are_one_level_deep(tmp_path: Path) -> None:
    given = settings(job(tmp_path, adapter={"rank": 4}))
    assert given["adapter.rank"] == "4"
    assert given["method"] == "lora"


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_tracker_that_is_not_installed_says_how_to_get_it(name: str, tmp_path: Path) -> None:
    if find_spec(name) is not None:
        pytest.skip(f"{name} is installed")
    with pytest.raises(ConfigError, match=f"the tracker '{name}' needs {name}.*pip install {name}"):
        open_trackers(job(tmp_path, trackers=(name,)))
