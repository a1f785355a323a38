"""A run is the same however it is divided over processes, and however often it is stopped."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from mainspring.train.engine.conversations import Conversation, Renderer
from mainspring.train.engine.loss import loss_sum
from mainspring.train.engine.packing import row_of
from mainspring.train.folder import Row, RunFolder
from mainspring.train.metrics import Ended, Evaluation, Started, read_metrics
from tests.training import dying, ranks, tiny

pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]  # a busy machine is not a defect


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base(tmp_path_factory.mktemp("base"))


def trained(out: Path, base: Path, processes: int = 1, **settings: Any) -> list[float]:
    """Run the engine to its end, and give the losses."""
    tiny.run_folder(out, base, tiny.rows(24), tiny.rows(5), **settings)
    assert ranks.run(out, processes) == [0] * processes
    return tiny.losses(out)


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_processes_have_the_losses_of_one(tmp_path: Path, base: Path, method: str, parallel: str) -> None:
    settings: dict[str, Any] = {
        "method": method,
        "packing": "none",
        "batch_tokens": 600,
    }  # steps that do not divide by two
    alone = trained(tmp_path / "one", base, **settings)
    together = trained(tmp_path / "two", base, 2, parallel=parallel, **settings)
    assert tiny.furthest(alone, together) < 1e-6
    assert alone[-1] < alone[0] - 0.5


def test_a_step_of_many_rows_is_one_of_few_large_ones(tmp_path: Path, base: Path) -> None:
    one_row = trained(tmp_path / "one", base, sequence_tokens=2048, epochs=4)
    many = trained(tmp_path / "many", base, packing="none", batch_tokens=2276, epochs=4)
    assert len(one_row) == 4
    assert tiny.furthest(one_row, many) < 1e-5


@pytest.mark.parametrize(
    ("parallel", "death", "goes_on_from"),
    [("ddp", dying.in_step_8, 6), ("fsdp", dying.in_step_8, 6), ("fsdp", dying.while_saving, 3)],
)
def test_a_run_of_which_a_process_is_killed_goes_on_to_the_same_digits(
    tmp_path: Path, base: Path, parallel: str, death: Callable[[], None], goes_on_from: int
) -> None:
    settings: dict[str, Any] = {"parallel": parallel, "adapter": {"rank": 4, "dropout": 0.1}, "epochs": 5}
    whole = trained(tmp_path / "whole", base, 2, **settings)
    killed = tmp_path / "killed"
    tiny.run_folder(killed, base, tiny.rows(24), tiny.rows(5), **settings)
    ended = ranks.run(killed, 2, before=death)
    assert -signal.SIGKILL in ended
    assert 0 not in ended
    assert ranks.run(killed, 2) == [0, 0]
    assert tiny.losses(killed) == whole
    starts = [line.step for line in read_metrics(RunFolder(killed).metrics) if isinstance(line, Started)]
    assert starts == [0, goes_on_from]
    assert not list(RunFolder(killed).checkpoints.glob(".*"))


def test_a_checkpoint_is_read_by_another_number_of_processes(tmp_path: Path, base: Path) -> None:
    settings: dict[str, Any] = {"parallel": "fsdp", "epochs": 5}
    whole = trained(tmp_path / "whole", base, 2, **settings)
    tiny.run_folder(tmp_path / "killed", base, tiny.rows(24), tiny.rows(5), **settings)
    ranks.run(tmp_path / "killed", 2, before=dying.in_step_8)
    assert ranks.run(tmp_path / "killed", 1) == [0]
    assert tiny.furthest(tiny.losses(tmp_path / "killed"), whole) < 1e-5


def test_a_run_that_is_done_is_left_as_it_is(tmp_path: Path, base: Path) -> None:
    trained(tmp_path, base)
    before = RunFolder(tmp_path).metrics.read_bytes()
    assert ranks.run(tmp_path) == [0]
    assert RunFolder(tmp_path).metrics.read_bytes() == before


def test_a_line_that_was_cut_off_is_cut_away_when_the_run_goes_on(tmp_path: Path, base: Path) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(24), epochs=5)
    ranks.run(tmp_path, before=dying.in_step_8)
    metrics = RunFolder(tmp_path).metrics
    with metrics.open("a") as file:
        file.write('{"kind":"step","at":17')
    assert ranks.run(tmp_path) == [0]
    assert (
        len(metrics.read_text().splitlines()) == len(list(read_metrics(metrics))) + 1
    )  # step 7, which is done twice


def test_training_ends_when_the_held_out_loss_rises_and_the_best_weights_count(tmp_path: Path, base: Path) -> None:
    settings: dict[str, Any] = {"patience": 2, "evaluate_every": 2, "epochs": 60, "keep": 1, "save_every": 50}
    settings["optimization"] = {"learning_rate": 0.05}
    tiny.run_folder(
        tmp_path, base, tiny.rows(24)[:6], [tiny.row("other", ("user", "Hm?"), ("assistant", "Hmmm!"))], **settings
    )
    assert ranks.run(tmp_path) == [0]
    lines = list(read_metrics(RunFolder(tmp_path).metrics))
    evaluations = {line.step: line.loss for line in lines if isinstance(line, Evaluation)}
    ended = lines[-1]
    assert isinstance(ended, Ended)
    assert ended.early
    assert ended.best_step == min(evaluations, key=lambda step: evaluations[step])
    assert ended.step == ended.best_step + 4
    weights = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), RunFolder(tmp_path).model)
    assert held_out(weights, tmp_path) == pytest.approx(evaluations[ended.best_step], abs=1e-5)


def test_the_newest_checkpoints_and_the_best_one_stay(tmp_path: Path, base: Path) -> None:
    trained(tmp_path, base, epochs=6, save_every=2, keep=2)
    assert sorted(path.name for path in RunFolder(tmp_path).checkpoints.iterdir()) == ["step-000010", "step-000012"]


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_all_weights_are_written_as_a_model_that_transformers_reads(
    tmp_path: Path, base: Path, parallel: str
) -> None:
    trained(tmp_path, base, 2, method="full", parallel=parallel, evaluate_every=6)
    folder = RunFolder(tmp_path)
    last = [line.loss for line in read_metrics(folder.metrics) if isinstance(line, Evaluation)][-1]
    model = AutoModelForCausalLM.from_pretrained(folder.model)
    assert held_out(model, tmp_path) == pytest.approx(last, abs=1e-5)
    assert AutoTokenizer.from_pretrained(folder.model).chat_template == tiny.CHATML


@pytest.mark.parametrize(
    "change", [{"activation_checkpointing": True}, {"precision": "bf16"}, {"precision": "bf16", "parallel": "fsdp"}]
)
def test_what_a_step_computes_in_changes_losses_by_rounding_only(
    tmp_path: Path, base: Path, change: dict[str, Any]
) -> None:
    plain = trained(tmp_path / "plain", base, max_steps=2)
    changed = trained(tmp_path / "changed", base, max_steps=2, **change)
    assert changed == pytest.approx(plain, rel=2e-2 if "precision" in change else 1e-6)


def test_positions_are_stretched_past_the_window_of_the_base(tmp_path: Path, base: Path) -> None:
    long = [tiny.row("long", ("user", "word " * 120), ("assistant", "yes"))]
    settings: dict[str, Any] = {"sequence_tokens": 1024, "epochs": 1, "method": "full"}
    tiny.run_folder(tmp_path / "short", base, long, **settings)
    assert ranks.run(tmp_path / "short") == [1]
    tiny.run_folder(tmp_path / "long", base, long, rope={"kind": "yarn", "factor": 4}, **settings)
    assert ranks.run(tmp_path / "long") == [0]
    config = AutoModelForCausalLM.from_pretrained(RunFolder(tmp_path / "long").model).config
    assert config.max_position_embeddings == 2048
    assert config.rope_parameters["rope_type"] == "yarn"


def test_torchrun_ends_with_a_process_that_is_killed_and_its_next_start_goes_on(tmp_path: Path, base: Path) -> None:
    whole = trained(tmp_path / "whole", base, 2, epochs=5)
    tiny.run_folder(tmp_path / "killed", base, tiny.rows(24), tiny.rows(5), epochs=5)
    assert tiny.torchrun(tmp_path / "killed", 2, module="tests.training.dying").returncode != 0
    assert tiny.losses(tmp_path / "killed") == whole[:7]
    assert tiny.torchrun(tmp_path / "killed", 2).returncode == 0
    assert tiny.losses(tmp_path / "killed") == whole


def held_out(model: Any, out: Path) -> float:
    """Give the mean loss of a model over the held-out rows."""
    renderer = Renderer(tiny.tokenizer(), longest_tokens=512)
    lines = RunFolder(out).rows("validation").read_text().splitlines()
    conversations = [renderer.conversation(Row.model_validate_json(line)) for line in lines]
    rows = [row_of([one], shared=False) for one in conversations if isinstance(one, Conversation)]
    with torch.no_grad():
        return sum(float(loss_sum(model, row, torch.device("cpu"))) for row in rows) / sum(
            row.n_learnt for row in rows
        )
