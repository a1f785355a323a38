"""`mainspring train` from a dataset to a model, with the real engine and a base of random weights."""

import json
import warnings
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mainspring.cli.app import app
from tests.training.tiny import base

pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]

TOOL = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Find a thing.",
        "parameters": {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
    },
}


def cli(*arguments: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(app, list(arguments), prog_name="mainspring")


def write_dataset(folder: Path, n_rows: int) -> Path:
    """Write rows in which a tool is called."""
    folder.mkdir()
    lines = []
    for number in range(n_rows):
        call = {"name": "find", "arguments": json.dumps({"what": f"a{number % 3}"})}
        messages = [
            {"role": "user", "content": f"Where is a{number % 3}, {number}?"},
            {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": call}]},
        ]
        lines.append(json.dumps({"messages": messages, "tools": [TOOL]}))
    (folder / "train-00000.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...], Result]:
    """Train once, by the command, and give the folder, the command and what it said."""
    here = tmp_path_factory.mktemp("training")
    base(here / "base", max_position_embeddings=1024)
    write_dataset(here / "data", 24)
    command = (
        *("train", "run", str(here / "data"), "--base", str(here / "base"), "--out", str(here / "out")),
        *("--learn", "calls", "--sequence-tokens", "1024", "--batch-tokens", "2048", "--epochs", "4"),
        *("--nproc", "2", "--lr", "0.01", "--tracker", "tensorboard"),
    )
    return here / "out", command, cli(*command, "--json")


def test_a_dataset_becomes_a_model_that_learnt_with_figures_and_a_report(
    trained: tuple[Path, tuple[str, ...], Result],
) -> None:
    out, _, result = trained
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["is_done"]
    assert figures["processes"] == 2
    assert figures["loss"] < figures["first_loss"]
    assert figures["unpacked_tokens"] > figures["packed_tokens"]
    assert figures["rows_left_out"] == 0
    assert (out / "model" / "adapter_model.safetensors").is_file()
    assert "<polyline" in (out / "report.html").read_text()
    assert "held out by their questions" in result.stderr


def test_the_same_command_again_does_nothing_more(trained: tuple[Path, tuple[str, ...], Result]) -> None:
    out, command, _ = trained
    before = (out / "model" / "adapter_model.safetensors").read_bytes()
    again = cli(*command, "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["step"] == json.loads(cli("train", "show", str(out), "--json").stdout)["step"]
    assert (out / "model" / "adapter_model.safetensors").read_bytes() == before


def test_another_rate_in_the_same_folder_is_refused(trained: tuple[Path, tuple[str, ...], Result]) -> None:
    _, command, _ = trained
    other = cli(*command, "--lr", "0.02")
    assert other.exit_code == 2
    assert "holds steps of another job: optimization was" in other.stderr


def test_tensorboard_reads_the_losses_that_were_told(trained: tuple[Path, tuple[str, ...], Result]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own
        reading = import_module("tensorboard.backend.event_processing.event_accumulator")
        events = reading.EventAccumulator(str(trained[0] / "tensorboard"))
        events.Reload()
    told = [json.loads(line) for line in (trained[0] / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in told if line["kind"] == "step"]
    seen = events.Scalars("train/loss")
    assert [one.step for one in seen] == [line["step"] for line in steps]
    assert seen[0].value == pytest.approx(steps[0]["loss"], rel=1e-5)


def test_a_plan_counts_tokens_nearly_as_the_engine_does(trained: tuple[Path, tuple[str, ...], Result]) -> None:
    _, command, result = trained
    given = [*command[2:5], "--learn", "calls", "--sequence-tokens", "1024"]
    planned = json.loads(cli("train", "plan", *given, "--json").stdout)
    figures = json.loads(result.stdout)
    assert planned["parameters"] + planned["trained_parameters"] == figures["parameters"]
    assert planned["trained_parameters"] == figures["trained_parameters"]
    assert planned["unpacked_tokens"] == pytest.approx(figures["unpacked_tokens"], rel=0.1)
    assert planned["tokens"] == pytest.approx(figures["packed_tokens"], rel=0.3)
