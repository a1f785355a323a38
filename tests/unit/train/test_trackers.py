"""Trackers: what is told to them, and what is said where one is not installed."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from mainspring.core.errors import ConfigError
from mainspring.train.metrics import Line
from mainspring.train.trackers import Trackers, figures, settings
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
        Trackers(job(tmp_path, trackers=(name,)), print)


@pytest.fixture
def wandb_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a library in wandb's place that begins, and whose server is gone afterwards."""
    (tmp_path / "wandb.py").write_text(
        "class Run:\n    def log(self, *_, **__):\n        raise OSError('no route to host')\n"
        "def init(**_):\n    return Run()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "wandb", raising=False)


@pytest.mark.usefixtures("wandb_without_network")
def test_a_tracker_that_fails_is_told_nothing_more_and_training_goes_on(tmp_path: Path) -> None:
    said: list[str] = []
    trackers = Trackers(job(tmp_path, trackers=("wandb",)), said.append)

    for number in (1, 2):
        trackers.take(LINE.validate_python(step(number, 2.0)))
    trackers.close()

    assert len(said) == 1
    assert said[0].endswith("metrics.jsonl has all: no route to host")


def test_a_tracker_that_cannot_begin_is_said_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mlflow.py").write_text("def start_run(**_):\n    raise RuntimeError('no such store')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mlflow", raising=False)

    with pytest.raises(ConfigError, match="'mlflow' cannot begin: no such store; mend that"):
        Trackers(job(tmp_path, trackers=("mlflow",)), print)
