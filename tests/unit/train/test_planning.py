"""Planning: what a job takes, before it is begun."""

from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.train.planning import Hardware, TrainingPlan, measure_hardware, plan
from tests.unit.train.standing import LLAMA, dataset, job, tiny_base

MIB = 1024**2
MACHINE = Hardware(cores=4, memory_bytes=8192 * MIB, core_flops=50e9, usd_per_hour=0.5)


def term(planned: TrainingPlan, name: str) -> float:
    """Give the MB of one share; nothing where there is none."""
    return sum(one.mb for one in planned.memory if one.name == name)


def test_a_beginning_that_rows_share_is_counted_once_a_packed_row(tmp_path: Path) -> None:
    dataset(tmp_path / "data", n_rows=40, system="Be exact. " * 20)
    shared = plan(job(tmp_path, sequence_tokens=512, packing="shared"), MACHINE)
    plain = plan(job(tmp_path, sequence_tokens=512, packing="plain"), MACHINE)

    assert shared.is_counted
    assert shared.unpacked_tokens == plain.unpacked_tokens == plain.tokens
    assert shared.tokens < 0.4 * plain.tokens
    assert shared.learnt_tokens == plain.learnt_tokens
    assert shared.packed_rows < plain.packed_rows
    assert shared.flops < plain.flops


def test_steps_follow_from_packed_rows_the_batch_and_epochs(tmp_path: Path) -> None:
    alone = plan(job(tmp_path, packing="none", batch_tokens=16, epochs=3), MACHINE)
    assert alone.packed_rows == 20
    assert alone.steps == 60
    assert plan(job(tmp_path, packing="none", batch_tokens=16, epochs=3, max_steps=7), MACHINE).steps == 7


def test_rows_that_are_too_long_are_counted(tmp_path: Path) -> None:
    planned = plan(job(tmp_path, sequence_tokens=32), MACHINE)
    assert (planned.rows, planned.too_long, planned.steps) == (0, 20, 0)


def test_full_training_holds_gradients_and_moments_of_all_weights(tmp_path: Path) -> None:
    full, lora = (plan(job(tmp_path, method=method), MACHINE) for method in ("full", "lora"))
    assert full.trained_parameters == full.parameters
    assert term(full, "optimizer") == pytest.approx(8 * full.parameters / MIB)
    assert term(full, "gradients") == term(full, "weights") == pytest.approx(4 * full.parameters / MIB)
    assert lora.trained_parameters < lora.parameters
    assert term(lora, "optimizer") == pytest.approx(8 * lora.trained_parameters / MIB)


def test_activations_grow_with_tokens_and_shrink_with_checkpointing(tmp_path: Path) -> None:
    short, long = (plan(job(tmp_path, sequence_tokens=tokens), MACHINE) for tokens in (100, 400))
    lean = plan(job(tmp_path, sequence_tokens=400, activation_checkpointing=True), MACHINE)
    assert term(short, "activations") < 0.5 * term(long, "activations")
    assert term(lean, "activations") < term(long, "activations")
    assert lean.flops > long.flops


def test_each_process_holds_everything_and_they_share_the_time(tmp_path: Path) -> None:
    one, two = (plan(job(tmp_path, processes=processes), MACHINE) for processes in (1, 2))
    assert two.all_mb == pytest.approx(2 * two.process_mb)
    assert two.process_mb >= one.process_mb
    assert two.seconds == pytest.approx(one.seconds / 2)
    assert one.cost_usd == pytest.approx(one.seconds / 3600 * 0.5)


def test_more_processes_than_cores_are_no_faster(tmp_path: Path) -> None:
    four, eight = (plan(job(tmp_path, processes=processes), MACHINE) for processes in (4, 8))
    assert eight.seconds == four.seconds


def test_what_does_not_fit_comes_with_changes_and_whether_they_are_enough(tmp_path: Path) -> None:
    small = Hardware(cores=4, memory_bytes=700 * MIB, core_flops=50e9)
    planned = plan(job(tmp_path, processes=2), small)
    assert not planned.fits
    assert any(
        change.startswith("one process instead of more") and change.endswith("fits") for change in planned.advice
    )
    assert plan(job(tmp_path), MACHINE).advice == ()


def test_a_model_of_the_catalog_can_be_planned_without_its_weights(tmp_path: Path) -> None:
    planned = plan(job(tmp_path, base="Llama-3.1-8B", method="full", sequence_tokens=4096), MACHINE)
    needed = {fit.name: fit for fit in planned.gpus}
    assert planned.parameters == 8_030_261_248
    assert not planned.is_counted
    assert not planned.fits
    h100 = next(fit for name, fit in needed.items() if name.startswith("H100"))
    assert h100.fits
    assert 1 < h100.n_gpus <= 8
    assert all(fit.seconds for fit in planned.gpus if fit.fits)


def test_a_base_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no base 'no-such-model'"):
        plan(job(tmp_path, base="no-such-model"), MACHINE)


def test_this_machine_has_cores_memory_and_a_rate() -> None:
    here = measure_hardware()
    assert here.cores >= 1
    assert here.memory_bytes > 100 * MIB
    assert here.core_flops > 1e8


def test_parameters_are_those_of_the_bases_configuration(tmp_path: Path) -> None:
    tiny_base(tmp_path / "base")
    planned = plan(job(tmp_path), MACHINE)
    layer = 32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * 64 + 2 * 32
    assert planned.parameters == 272 * 32 + int(str(LLAMA["num_hidden_layers"])) * layer + 32
