"""What stops a run is said in words, once, and costs nothing that was saved."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mainspring.train.engine.failures import failure_of
from mainspring.train.folder import Failure, RunFolder
from tests.training import dying, ranks, tiny

pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]  # a busy machine is not a defect


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base(tmp_path_factory.mktemp("base"))


def failed(out: Path, processes: int = 1, before: Callable[[], None] | None = None) -> Failure:
    """Run the engine, which fails, and give what it says of that."""
    assert 0 not in ranks.run(out, processes, before=before)
    return Failure.model_validate_json(RunFolder(out).failure.read_bytes())


def test_a_loss_that_is_no_number_stops_the_run_and_leaves_the_last_checkpoint(tmp_path: Path, base: Path) -> None:
    settings: dict[str, Any] = {"method": "full", "save_every": 1, "epochs": 9}
    settings["optimization"] = {"learning_rate": 1e30, "warmup_share": 0}
    tiny.run_folder(tmp_path, base, tiny.rows(24), **settings)
    failure = failed(tmp_path, 2)
    assert failure.kind == "loss"
    assert failure.step == 2
    assert "Lower the learning rate" in failure.says
    checkpoint = RunFolder(tmp_path).latest_checkpoint()
    assert checkpoint is not None
    assert checkpoint.name == "step-000001"


def small_files() -> None:
    """Let no file be larger than a part of a checkpoint, as on a disk that is nearly full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))


def test_a_full_disk_leaves_no_half_of_a_checkpoint_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, base: Path
) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(24))
    failure = failed(tmp_path, 2, small_files)
    assert failure.kind == "disk"
    assert list(RunFolder(tmp_path).checkpoints.iterdir()) == []
    assert ranks.run(tmp_path, 2) == [0, 0]
    assert not RunFolder(tmp_path).failure.exists()


def test_who_loses_a_neighbour_says_that_it_is_gone(tmp_path: Path, base: Path) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(24), epochs=5)
    failure = failed(tmp_path, 2, dying.in_step_8)
    assert failure.kind == "rank"
    assert failure.rank == 0
    assert failure.step == 7


@pytest.mark.parametrize("take", [lambda: bytes(1 << 60), lambda: torch.empty(1 << 55)], ids=["python", "torch"])
def test_memory_that_is_not_there_is_told_with_what_needs_less(take: Callable[[], object]) -> None:
    with pytest.raises((MemoryError, RuntimeError)) as caught:
        take()
    failure = failure_of(caught.value, rank=1, step=3)
    assert failure.kind == "memory"
    assert (failure.rank, failure.step) == (1, 3)
    assert "`activation_checkpointing`" in failure.says


def test_rows_that_cannot_be_learnt_from_are_left_out_by_name(tmp_path: Path, base: Path) -> None:
    long = tiny.row("train-00000.jsonl:99", ("user", "x" * 600), ("assistant", "y"))
    tiny.run_folder(tmp_path, base, [*tiny.rows(4), long], epochs=1)
    assert ranks.run(tmp_path) == [0]
    left_out = (RunFolder(tmp_path).rows("train").parent / "left_out.jsonl").read_text()
    assert left_out.startswith('{"id":"train-00000.jsonl:99","says":"')
    assert len(left_out.splitlines()) == 1


def test_a_run_without_a_row_to_learn_from_says_what_is_wrong_with_them(tmp_path: Path, base: Path) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(4), sequence_tokens=16)
    failure = failed(tmp_path)
    assert failure.kind == "rows"
    assert "none of 4 rows" in failure.says
    assert "`sequence_tokens`" in failure.says


def test_a_base_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    tiny.run_folder(tmp_path / "out", tiny.base(tmp_path / "base", template=None), tiny.rows(4))
    failure = failed(tmp_path / "out")
    assert failure.kind == "rows"
    assert "chat template" in failure.says


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    tiny.run_folder(tmp_path / "out", tiny.base(tmp_path / "base", vocab_size=200), tiny.rows(4))
    failure = failed(tmp_path / "out")
    assert failure.kind == "base"
    assert "ids up to 257, and the model knows 200 tokens" in failure.says


def test_a_base_that_is_not_there_is_named(tmp_path: Path) -> None:
    tiny.run_folder(tmp_path / "out", tmp_path / "nothing", tiny.rows(4))
    failure = failed(tmp_path / "out")
    assert failure.kind == "base"
    assert "nothing" in failure.says


@pytest.mark.parametrize(
    ("change", "named"),
    [({"optimization": {"learning_rate": 0.5}}, "`optimization`"), ({"seed": 5}, "`seed`: 0, given 5")],
)
def test_another_job_does_not_go_on_from_these_checkpoints(
    tmp_path: Path, base: Path, change: dict[str, Any], named: str
) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(24), epochs=1)
    assert ranks.run(tmp_path) == [0]
    tiny.run_folder(tmp_path, base, tiny.rows(24), **{"epochs": 1, **change})
    failure = failed(tmp_path)
    assert failure.kind == "other"
    assert named in failure.says


def test_other_rows_do_not_go_on_from_these_checkpoints(tmp_path: Path, base: Path) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(24), epochs=1)
    assert ranks.run(tmp_path) == [0]
    tiny.run_folder(tmp_path, base, tiny.rows(23), epochs=1)
    assert "`rows`" in failed(tmp_path).says


def test_four_bits_need_a_gpu(tmp_path: Path, base: Path) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(4), method="qlora")
    assert "needs a GPU" in failed(tmp_path).says


def test_a_base_that_looks_back_less_far_than_a_row_is_long_is_not_packed(tmp_path: Path) -> None:
    sliding = tiny.base(tmp_path / "base", sliding_window=64)
    tiny.run_folder(tmp_path / "packed", sliding, tiny.rows(4))
    assert 'packing = "none"' in failed(tmp_path / "packed").says
