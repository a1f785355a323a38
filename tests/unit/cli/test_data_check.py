"""`mainspring data check`: what it shows of a dataset, and how it ends."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mainspring.cli.datasets.check import check
from mainspring.core.errors import ConfigError
from mainspring.data.checking import Findings
from mainspring.data.writing import write_dataset
from tests.unit.data.writing.folders import candidate, document, write_folder

PUMP = document()
TAPS = document("taps.md", "Taps drip. The pump holds 40 litres.")


def checked(*arguments: str) -> Result:
    """Run the command alone."""
    command = typer.Typer()
    command.command()(check)
    return CliRunner().invoke(command, list(arguments))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a sound dataset."""
    given = [
        candidate(PUMP, "How much?", "40 litres."),
        candidate(PUMP, "Why is the lamp red?", f"It says {'that it is empty ' * 20}.", kind="why"),
        candidate(TAPS, "Do taps drip?", "They do.", quote="Taps drip."),
        candidate(TAPS, "Do taps sing?", "They do.", objections=["names"]),
    ]
    write_folder(tmp_path, given, [(PUMP, "train"), (TAPS, "validation")])
    (tmp_path / "report.json").write_text(
        '{"judge": {"model": "other", "n_bad": 8, "false_accept_rate": 0.125, "n_good": 4, "counts": true}}'
    )
    write_dataset(tmp_path)
    return tmp_path


def test_a_sound_dataset_is_shown_with_its_kinds_its_lengths_and_its_judge(folder: Path) -> None:
    result = checked(str(folder))

    assert result.exit_code == 0
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert shown[0] == "3 rows of openai: 2 train, 1 validation"
    assert shown[1] == "3 of 4 candidates accepted by the checks; 0 decisions of a person"
    assert "kind train validation" in shown
    assert "why 1 0" in shown
    assert (
        "judge other: let 12% of 8 bad examples pass, refused an unknown share of 4 good; its verdicts counted"
        in shown
    )
    assert shown[-1] == "sound: nothing is wrong"


def test_the_histogram_draws_the_longest_bar_for_most_rows_and_none_for_no_rows(folder: Path) -> None:
    shown = checked(str(folder)).stdout.splitlines()

    start = next(place for place, line in enumerate(shown) if line.split() == ["tokens", "rows"])
    bars = [line.split("  ")[-1].split(" ") for line in shown[start + 1 : start + 5]]
    assert bars[0] == ["█" * 40, "2"]
    assert bars[1][-1] == "0"
    assert "█" not in bars[1][0]
    assert shown[start + 1].strip().startswith("0 to 16")


def test_errors_are_shown_with_their_places_and_end_with_exit_code_1(folder: Path) -> None:
    path = folder / "train-00000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"assistant"', b'"bot\\u001b[31m"', 1))

    result = checked(str(folder))

    assert result.exit_code == 1
    assert "✗ error: schema  train-00000.jsonl:1" in result.stdout
    assert "message 1 has no known role" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stdout.splitlines()[-1] == "2 errors"


def test_warnings_are_shown_and_end_with_exit_code_0(folder: Path) -> None:
    (folder / "decisions.jsonl").write_text('{"id": "feed", "action": "drop"}\n')

    result = checked(str(folder))

    assert result.exit_code == 0
    assert "! warning: decisions  decisions.jsonl" in result.stdout
    assert result.stdout.splitlines()[-1] == "sound: 2 warnings"


def test_what_is_not_told_one_by_one_is_counted(tmp_path: Path) -> None:
    given = [candidate(PUMP, quote=PUMP.text[: place + 1]) for place in range(30)]
    write_folder(tmp_path, given, [(PUMP, "train")])
    write_dataset(tmp_path)

    assert "9 more of duplicates" in checked(str(tmp_path)).stdout


def test_json_gives_the_findings_and_the_same_exit_code(folder: Path) -> None:
    sound = checked(str(folder), "--json")
    assert Findings.model_validate_json(sound.stdout).is_sound
    (folder / "validation-00000.jsonl").unlink()

    broken = checked(str(folder), "--json")

    assert broken.exit_code == 1
    assert "files" in {one["check"] for one in json.loads(broken.stdout)["findings"]}


def test_a_folder_without_a_dataset_is_refused_in_words(tmp_path: Path) -> None:
    result = checked(str(tmp_path / "nowhere"))

    assert isinstance(result.exception, ConfigError)
    assert "there is no folder" in str(result.exception)
