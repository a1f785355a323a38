from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.gpu import (
    Split,
    TrainingJob,
    Workload,
    compare,
    find_gpu,
    find_model,
    list_gpus,
    list_models,
    plan,
    serving_breakdown,
    weight_bytes,
)

H100 = find_gpu("h100")
LLAMA_70B = find_model("Llama-3.1-70B")
ASKED = Workload(context_tokens=32_768, n_users=16)


def test_llama_70b_for_sixteen_users_at_32k_needs_eight_h100() -> None:
    answer = plan(LLAMA_70B, H100, ASKED)
    assert (answer.n_gpus, answer.split, answer.verdict) == (8, Split(tensor=8), "fits")
    assert answer.breakdown.term("weights").likely_bytes == pytest.approx(70_553_706_496 * 2 / 8, rel=1e-3)
    assert answer.breakdown.term("KV cache").likely_bytes == 16 * 32_768 * 327_680 // 8
    assert [rung.n_gpus for rung in answer.fewer] == [1, 2, 4]


def test_the_most_users_fit_and_one_more_does_not() -> None:
    answer = plan(LLAMA_70B, H100, ASKED, on=4)
    at_most, beyond = (
        serving_breakdown(LLAMA_70B, replace(ASKED, n_users=n), answer.split).total.high_bytes
        for n in (answer.most, answer.most + 1)
    )
    assert at_most <= answer.room.usable_bytes < beyond


def test_following_the_advice_brings_what_it_promised() -> None:
    answer = plan(LLAMA_70B, H100, ASKED, on=4)
    advised = next(advice for advice in answer.advice if advice.change == "KV cache in fp8")
    followed = plan(LLAMA_70B, H100, replace(ASKED, kv_dtype="fp8"), on=4)
    assert answer.breakdown.total.likely_bytes - followed.breakdown.total.likely_bytes == advised.saves_bytes
    assert (followed.verdict == "fits") == advised.then_fits


def test_advice_names_a_larger_gpu_that_holds_the_same_split() -> None:
    answer = plan(LLAMA_70B, H100, ASKED, on=4)
    assert "H100 NVL 94GB" in answer.advice[-1].change
    assert plan(LLAMA_70B, find_gpu("H100 NVL"), ASKED, on=4).verdict == "fits"


def test_a_model_that_fits_one_gpu_gets_no_advice() -> None:
    answer = plan(find_model("SmolLM2-135M"), H100, Workload(2048))
    assert (answer.n_gpus, answer.advice, answer.fewer) == (1, (), ())


def test_a_latent_model_shares_experts_and_copies_attention() -> None:
    answer = plan(find_model("DeepSeek-V3"), find_gpu("H200"), Workload(32_768, 64, "fp8"))
    assert answer.split == Split(expert=8)
    assert answer.breakdown.term("KV cache").low_bytes == 64 // 8 * 32_768 * 70_272


def test_heads_that_do_not_divide_are_not_cut() -> None:
    answer = plan(find_model("Qwen2.5-7B"), find_gpu("T4"), Workload(65_536, 8))
    assert 28 % answer.split.tensor == 0


@pytest.mark.parametrize(
    ("model", "split", "message"),
    [
        ("Qwen2.5-7B", Split(tensor=8), "28 attention heads"),
        ("Llama-3.1-8B", Split(pipeline=64), "32 layers"),
        ("Llama-3.1-8B", Split(expert=2), "no experts"),
        ("Mixtral-8x7B", Split(expert=3), "8 experts"),
        ("Qwen2.5-14B", Split(tensor=5), "8 key/value heads"),
        ("Llama-3.1-8B", Split(tensor=0), "starts at 1"),
    ],
)
def test_an_impossible_split_is_refused_with_the_number_that_does_not_divide(
    model: str, split: Split, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        serving_breakdown(find_model(model), ASKED, split)


def test_training_plans_find_a_count_too() -> None:
    answer = plan(find_model("Llama-3.1-8B"), H100, TrainingJob(zero_stage=3))
    assert answer.verdict == "fits"
    assert answer.split == Split(replicas=answer.n_gpus)
    assert answer.most >= 1


def test_a_comparison_never_needs_more_of_a_larger_gpu_of_the_same_make() -> None:
    h100, h200 = compare(LLAMA_70B, ASKED, [H100, find_gpu("H200")])
    assert h200.n_gpus <= h100.n_gpus


def test_a_context_beyond_the_model_is_noted() -> None:
    answer = plan(find_model("Qwen2.5-7B"), H100, Workload(131_072))
    assert any("131,072 tokens exceed the model's 32,768" in note for note in answer.notes)


def test_tensor_parallelism_over_pcie_is_noted() -> None:
    answer = plan(find_model("Qwen3-32B"), find_gpu("RTX 4090"), Workload(8192))
    assert any("crosses PCIe" in note for note in answer.notes)


def test_a_smaller_usable_share_never_needs_fewer_gpus() -> None:
    wide, narrow = (plan(LLAMA_70B, H100, ASKED, usable_share=share).n_gpus for share in (0.95, 0.5))
    assert narrow >= wide


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_usable_share_outside_its_bounds_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="usable share"):
        plan(LLAMA_70B, H100, ASKED, usable_share=share)


WORKLOADS = st.builds(
    Workload,
    context_tokens=st.integers(1, 200_000),
    n_users=st.integers(1, 500),
    dtype=st.sampled_from(["bf16", "fp8", "awq", "q4_k_m"]),
    kv_dtype=st.sampled_from(["bf16", "fp8", "int8", "q4_0"]),
)
CASES = st.sampled_from(
    [
        ("Llama-3.1-8B", Split()),
        ("Llama-3.1-70B", Split(4, 2)),
        ("Gemma-3-27B", Split(2)),
        ("Qwen3-Next-80B-A3B", Split(2, 2)),
        ("DeepSeek-V3", Split(expert=8)),
        ("gpt-oss-120b", Split(2, replicas=2)),
    ]
)


@settings(max_examples=60)
@given(CASES, WORKLOADS, st.integers(0, 50_000), st.integers(0, 100))
def test_more_users_and_context_never_take_less(
    case: tuple[str, Split], workload: Workload, more_tokens: int, more_users: int
) -> None:
    model, split = case
    shape = find_model(model)
    more = replace(
        workload, context_tokens=workload.context_tokens + more_tokens, n_users=workload.n_users + more_users
    )
    before, after = (serving_breakdown(shape, ask, split).total for ask in (workload, more))
    assert before.low_bytes <= after.low_bytes
    assert before.likely_bytes <= after.likely_bytes
    assert before.high_bytes <= after.high_bytes


@settings(max_examples=60)
@given(CASES, WORKLOADS)
def test_the_terms_of_serving_sum_to_its_total(case: tuple[str, Split], workload: Workload) -> None:
    breakdown = serving_breakdown(find_model(case[0]), workload, case[1])
    assert sum(term.size.low_bytes for term in breakdown.terms) == breakdown.total.low_bytes
    assert sum(term.size.high_bytes for term in breakdown.terms) == breakdown.total.high_bytes
    assert len({term.name for term in breakdown.terms}) == len(breakdown.terms)


@settings(max_examples=30)
@given(st.sampled_from(["Llama-3.1-8B", "Mixtral-8x7B", "DeepSeek-V3", "Qwen3-Next-80B-A3B"]), WORKLOADS)
def test_tensor_parallelism_never_enlarges_a_share(model: str, workload: Workload) -> None:
    shape = find_model(model)
    shares = [serving_breakdown(shape, workload, Split(degree)) for degree in (1, 2, 4, 8)]
    for name in ("weights", "KV cache", "recurrent state", "activations"):
        sizes = [share.term(name).likely_bytes for share in shares]
        assert sizes == sorted(sizes, reverse=True)


def test_a_prefill_chunk_is_as_wide_as_its_widest_block() -> None:
    terms = serving_breakdown(find_model("Llama-3.1-8B"), Workload(32_768))
    assert terms.term("activations").likely_bytes == 2 * 8192 * (4 * 4096 + 3 * 14_336)


def test_logits_are_bf16_with_an_fp32_copy_for_each_user() -> None:
    terms = serving_breakdown(find_model("Llama-3.1-8B"), Workload(1024, n_users=7))
    assert terms.term("logits").likely_bytes == 7 * 128_256 * (2 + 4)


def test_pipeline_stages_hold_all_weights_between_them() -> None:
    whole = weight_bytes(LLAMA_70B, "bf16").likely_bytes
    fullest = serving_breakdown(LLAMA_70B, ASKED, Split(pipeline=4)).term("weights").likely_bytes
    assert whole / 4 <= fullest < whole / 3


@pytest.mark.parametrize(
    "name",
    [
        "Llama-3.1-70B",
        "meta-llama/Llama-3.1-70B-Instruct",
        "llama 3.1 70b",
        "Meta-Llama-3.1-70B-Instruct",
        "LLAMA_3.1_70B",
    ],
)
def test_a_model_is_found_however_it_is_written(name: str) -> None:
    assert find_model(name).name == "Llama-3.1-70B"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("h100", "H100 SXM 80GB"),
        ("H100 80GB", "H100 SXM 80GB"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM 80GB"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090 24GB"),
        ("a100 40gb", "A100 SXM 40GB"),
        ("AMD Instinct MI300X", "MI300X 192GB"),
    ],
)
def test_a_gpu_is_found_however_it_is_written(name: str, found: str) -> None:
    assert find_gpu(name).name == found


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"Llama-3\.1-70B"):
        find_model("llama-3.1-71b")
    with pytest.raises(ConfigError, match="RTX 4090"):
        find_gpu("rtx 4091")


def test_every_catalog_model_can_be_planned_on_some_gpu() -> None:
    for name in list_models():
        assert plan(find_model(name), find_gpu("H200"), Workload(4096, dtype="fp8")).verdict == "fits"


def test_no_gpu_has_more_memory_than_the_number_on_its_box_in_gib() -> None:
    for gpu in list_gpus():
        assert 0.9 * gpu.sold_gb * 10**9 < gpu.memory_bytes <= gpu.sold_gb * 1024**3
