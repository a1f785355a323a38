"""Datasets in every format, loaded by `datasets` and trained on by TRL with nothing between.

It happens in an environment of its own (`tests/services/training.py`), in one process, as torch is slow to start.
"""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from mainspring.core import JsonObject
from mainspring.data import Candidate
from mainspring.data.writing import FORMATS, write_dataset
from tests.services.training import training_python
from tests.unit.data.writing.folders import candidate, conversation, document, lines, write_folder

__all__ = ["training_python"]

pytestmark = [pytest.mark.training, pytest.mark.timeout(900)]

TAKE: Final = Path(__file__).parent / "training" / "take.py"
PUMP, TAPS = document(), document('taps "2" | x.md', "Taps drip. The pump holds 40 litres.")
OTHER_TOOL: JsonObject = {"type": "function", "function": {"name": "ring", "parameters": {"type": "object"}}}
Seen = dict[str, dict[str, Any]]


def examples() -> list[Candidate]:
    """Give examples that every format can write some of, in both splits."""
    given = [conversation(PUMP).model_copy(update={"tools": (*conversation(PUMP).tools, OTHER_TOOL)})]
    for about in (PUMP, TAPS):
        for place in range(3):
            question = f"Was hält die Pumpe {place}? 🤖"
            given.append(candidate(about, question, f"{place} Liter.\nGenau."))
            given.append(candidate(about, question, "Hundert.", objections=["numbers"]))
    return given


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a dataset in each format, in several shards."""
    root, found = tmp_path_factory.mktemp("datasets"), dict[str, Path]()
    for name in FORMATS:
        found[name] = write_folder(root / name, examples(), [(PUMP, "train"), (TAPS, "validation")])
        write_dataset(root / name, format=name, shard_rows=2, system="" if name == "alpaca" else "Fasse dich kurz.")
    return found


@pytest.fixture(scope="module")
def seen(folders: dict[str, Path], training_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Take all of them in one process, without a network and without a GPU."""
    home = tmp_path_factory.mktemp("hugging-face")
    quiet = {
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
    }
    ended = subprocess.run(
        [training_python, TAKE, home / "llama", *folders.values()],
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    said = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith('{"format"')]
    return {one["format"]: one for one in said}


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_dataset_loads_with_its_splits_and_exactly_its_rows(
    seen: Seen, folders: dict[str, Path], name: str
) -> None:
    written = {
        split: [row for path in sorted(folders[name].glob(f"{split}-*.jsonl")) for row in lines(path)]
        for split in ("train", "validation")
    }

    assert seen[name]["rows"] == {split: rows for split, rows in written.items() if rows}
    assert len(written["train"]) == (1 if name == "tools" else 3)


@pytest.mark.parametrize("name", ["openai", "prompt_completion", "tools", "preference"])
def test_a_trainer_of_trl_takes_a_step_on_it(seen: Seen, name: str) -> None:
    assert math.isfinite(seen[name]["loss"])
    assert seen[name]["loss"] > 0


def test_a_trainer_reads_the_conversation_as_it_was_written(seen: Seen) -> None:
    assert seen["openai"]["texts"]["input_ids"] == (
        "<|system|>Fasse dich kurz.<|end|><|user|>Was hält die Pumpe 0? 🤖<|end|>"
        "<|assistant|>0 Liter.\nGenau.<|end|>"
    )


def test_a_trainer_learns_the_completion_and_nothing_of_the_prompt(seen: Seen) -> None:
    assert seen["prompt_completion"]["texts"]["learnt"] == "0 Liter.\nGenau.<|end|>"


def test_a_trainer_is_shown_the_tools_the_calls_and_their_results(seen: Seen) -> None:
    text = seen["tools"]["texts"]["input_ids"]

    assert '"name": "ring"' in text
    assert '"name": "stock"' in text
    assert "<|tool|>3<|end|><|assistant|>Yes, three.<|end|>" in text


def test_a_preference_is_learnt_as_a_prompt_with_a_better_and_a_worse_answer(seen: Seen) -> None:
    texts = seen["preference"]["texts"]

    assert texts["prompt_ids"].endswith("<|user|>Was hält die Pumpe 0? 🤖<|end|><|assistant|>")
    assert texts["chosen_ids"] == "0 Liter.\nGenau.<|end|>"
    assert texts["rejected_ids"] == "Hundert.<|end|>"
