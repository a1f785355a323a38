from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.gpu import (
    GIB,
    Split,
    TrainingJob,
    find_model,
    lora_parameter_count,
    parameter_count,
    training_breakdown,
)

LLAMA = find_model("Llama-3.1-8B")


def test_lora_on_all_linears_of_llama_has_the_published_count() -> None:
    assert lora_parameter_count(LLAMA, 16) == 41_943_040


def test_lora_counts_r_times_in_plus_out_for_attention() -> None:
    per_layer = 2 * (4096 + 4096) + 2 * (4096 + 1024)
    assert lora_parameter_count(LLAMA, 8, "attention") == 32 * 8 * per_layer


def test_lora_leaves_routed_experts_alone_unless_asked() -> None:
    shape = find_model("Qwen3-30B-A3B")
    without, with_experts = (lora_parameter_count(shape, 8, targets) for targets in ("all", "all and experts"))
    assert with_experts - without == 48 * 128 * 3 * 8 * (2048 + 768)


@pytest.mark.parametrize(
    ("optimizer", "precision", "bytes_per_param"),
    [
        ("adamw", "mixed", 16.0),
        ("adamw", "bf16", 8.0),
        ("adamw-8bit", "mixed", 10.0),
        ("sgd", "bf16", 4.0),
        ("adafactor", "bf16", 4.0),
    ],
)
def test_model_states_take_the_published_bytes_per_parameter(
    optimizer: Literal["adamw", "adamw-8bit", "adafactor", "sgd"],
    precision: Literal["mixed", "bf16"],
    bytes_per_param: float,
) -> None:
    breakdown = training_breakdown(LLAMA, TrainingJob(optimizer=optimizer, precision=precision))
    states = sum(
        breakdown.term(name).likely_bytes for name in ("weights", "gradients", "master weights", "optimizer")
    )
    assert states / parameter_count(LLAMA) == pytest.approx(bytes_per_param, rel=0.01)


@pytest.mark.parametrize(("stage", "divided"), [(0, 0), (1, 12), (2, 14), (3, 16)])
def test_zero_divides_what_its_stage_says(stage: Literal[0, 1, 2, 3], divided: int) -> None:
    breakdown = training_breakdown(LLAMA, TrainingJob(zero_stage=stage), Split(replicas=8))
    states = sum(
        breakdown.term(name).likely_bytes for name in ("weights", "gradients", "master weights", "optimizer")
    )
    per_param = 16 - divided + divided / 8
    assert states / parameter_count(LLAMA) == pytest.approx(per_param, rel=1e-3)


def test_only_a_divided_model_gathers_layers() -> None:
    sharded = training_breakdown(LLAMA, TrainingJob(zero_stage=3), Split(replicas=2))
    alone = training_breakdown(LLAMA, TrainingJob(zero_stage=3))
    assert sharded.term("gathered layer").likely_bytes == 2 * 2 * LLAMA.vocab * LLAMA.hidden + 2 * 2 * LLAMA.hidden
    assert alone.term("gathered layer").high_bytes == 0


def test_checkpointing_keeps_the_layer_inputs_and_redoes_one_layer() -> None:
    stored = training_breakdown(LLAMA, TrainingJob(checkpointing="none")).term("activations").likely_bytes
    redone = training_breakdown(LLAMA, TrainingJob(checkpointing="full")).term("activations").likely_bytes
    assert redone == pytest.approx(4096 * 2 * 4096 * 32 + stored / 32, rel=1e-6)
    assert 17 * GIB < stored < 24 * GIB


def test_scores_without_flash_attention_grow_with_the_square_of_the_sequence() -> None:
    def scores(n_tokens: int) -> int:
        job = TrainingJob(checkpointing="none", sequence_tokens=n_tokens)
        eager = training_breakdown(LLAMA, replace(job, flash_attention=False)).term("activations").likely_bytes
        return eager - training_breakdown(LLAMA, job).term("activations").likely_bytes

    assert scores(4096) == 4 * scores(2048) == 32 * 5 * 32 * 4096**2


def test_the_first_pipeline_stage_keeps_a_micro_batch_for_each_stage() -> None:
    job = TrainingJob(checkpointing="none")
    alone, staged = (training_breakdown(LLAMA, job, Split(pipeline=p)).term("activations") for p in (1, 4))
    assert staged.likely_bytes == pytest.approx(alone.likely_bytes, rel=1e-9)


def test_chunked_logits_do_not_grow_with_the_batch() -> None:
    small, large = (
        training_breakdown(LLAMA, TrainingJob(chunked_logits=True, micro_batch=n)).term("logits") for n in (1, 16)
    )
    assert small == large


def test_qlora_holds_its_base_in_four_bits() -> None:
    full = training_breakdown(LLAMA, TrainingJob("lora")).term("weights").likely_bytes
    quantised = training_breakdown(LLAMA, TrainingJob("qlora")).term("weights").likely_bytes
    assert quantised < 0.4 * full


def test_a_job_without_sequences_is_refused() -> None:
    with pytest.raises(ConfigError, match="micro_batch"):
        TrainingJob(micro_batch=0)


JOBS = st.builds(
    TrainingJob,
    method=st.sampled_from(["full", "lora", "qlora"]),
    optimizer=st.sampled_from(["adamw", "adamw-8bit", "adafactor", "sgd"]),
    precision=st.sampled_from(["mixed", "bf16"]),
    zero_stage=st.sampled_from([0, 1, 2, 3]),
    micro_batch=st.integers(1, 32),
    sequence_tokens=st.integers(1, 32_768),
    checkpointing=st.sampled_from(["none", "full"]),
    flash_attention=st.booleans(),
    chunked_logits=st.booleans(),
)
SPLITS = st.sampled_from([Split(), Split(2), Split(4, 2), Split(replicas=8), Split(2, 4, replicas=2)])


@settings(max_examples=60)
@given(JOBS, SPLITS)
def test_the_terms_of_training_sum_to_its_total(job: TrainingJob, split: Split) -> None:
    breakdown = training_breakdown(LLAMA, job, split)
    assert sum(term.size.likely_bytes for term in breakdown.terms) == breakdown.total.likely_bytes
    assert len({term.name for term in breakdown.terms}) == len(breakdown.terms)


@settings(max_examples=60)
@given(JOBS, SPLITS, st.integers(0, 16), st.integers(0, 8192))
def test_larger_batches_and_sequences_never_take_less(
    job: TrainingJob, split: Split, more_batch: int, more_tokens: int
) -> None:
    larger = replace(
        job, micro_batch=job.micro_batch + more_batch, sequence_tokens=job.sequence_tokens + more_tokens
    )
    before, after = training_breakdown(LLAMA, job, split).total, training_breakdown(LLAMA, larger, split).total
    assert before.low_bytes <= after.low_bytes
    assert before.likely_bytes <= after.likely_bytes
    assert before.high_bytes <= after.high_bytes
