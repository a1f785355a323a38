import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.gpu import Split, find_model, gguf_file_bytes, parameter_count, weight_bytes
from mainspring.gpu.gguf import block_bits
from mainspring.gpu.weights import stage_weight_bytes


@pytest.mark.parametrize(
    ("ggml_type", "bits"),
    [
        ("q4_0", 4.5),
        ("q4_1", 5.0),
        ("q5_0", 5.5),
        ("q5_1", 6.0),
        ("q8_0", 8.5),
        ("q2_k", 2.625),
        ("q3_k", 3.4375),
        ("q4_k", 4.5),
        ("q5_k", 5.5),
        ("q6_k", 6.5625),
        ("iq4_xs", 4.25),
        ("iq4_nl", 4.5),
        ("mxfp4", 4.25),
        ("f16", 16.0),
    ],
)
def test_a_ggml_block_has_the_bits_of_its_structure(ggml_type: str, bits: float) -> None:
    assert block_bits(ggml_type) == bits


@pytest.mark.parametrize(
    ("model", "mix", "size_bytes"),
    [
        ("Qwen2.5-Coder-1.5B", "Q4_K_M", 1_117_320_768),
        ("SmolLM2-135M", "Q4_1", 98_362_432),
    ],
)
def test_a_gguf_file_is_estimated_within_one_percent_of_the_real_one(model: str, mix: str, size_bytes: int) -> None:
    assert gguf_file_bytes(find_model(model), mix).likely_bytes == pytest.approx(size_bytes, rel=0.01)


def test_the_mix_reproduces_the_tensor_bytes_of_a_real_file() -> None:
    tensors_bytes = 1_111_370_240
    assert weight_bytes(find_model("Qwen2.5-Coder-1.5B"), "q4_k_m").likely_bytes == pytest.approx(
        tensors_bytes, abs=64
    )


def test_a_tied_gguf_interval_spans_one_and_two_copies_of_the_head() -> None:
    copied = weight_bytes(find_model("Qwen2.5-Coder-1.5B"), "q4_k_m")
    shared = weight_bytes(find_model("SmolLM2-135M"), "q4_1")
    assert copied.low_bytes < copied.likely_bytes
    assert shared.likely_bytes < shared.high_bytes - 49152 * 576


@pytest.mark.parametrize(("dtype", "size"), [("fp32", 4), ("bf16", 2), ("fp16", 2)])
def test_plain_formats_are_parameters_times_bytes(dtype: str, size: int) -> None:
    shape = find_model("Llama-3.1-8B")
    assert weight_bytes(shape, dtype).likely_bytes == size * parameter_count(shape)


@pytest.mark.parametrize(
    ("model", "size_bytes"), [("gpt-oss-20b", 13_761_264_768), ("gpt-oss-120b", 65_248_815_744)]
)
def test_mxfp4_covers_the_experts_and_leaves_the_rest_in_bf16(model: str, size_bytes: int) -> None:
    assert weight_bytes(find_model(model), "mxfp4").likely_bytes == pytest.approx(size_bytes, rel=1e-4)


def test_fp8_with_block_scales_agrees_with_a_published_checkpoint() -> None:
    payload_bytes = 1_029_173_256_720
    assert weight_bytes(find_model("Kimi-K2"), "fp8").likely_bytes == pytest.approx(payload_bytes, rel=1e-3)


def test_a_tied_head_is_held_again_by_the_last_pipeline_stage() -> None:
    shape, split = find_model("Gemma-2-9B"), Split(pipeline=2)
    stages = (stage_weight_bytes(shape, "bf16", split, stage) for stage in ((0, 21), (21, 42)))
    held = sum(stage.likely_bytes for stage in stages)
    assert held == 2 * (parameter_count(shape) + shape.vocab * shape.hidden)


def test_nf4_leaves_embeddings_and_head_in_bf16() -> None:
    shape = find_model("Llama-3.1-8B")
    ends = 2 * shape.vocab * shape.hidden
    linears = parameter_count(shape) - ends
    expected = ends * 2 + linears * (4 + 8 / 64 + 32 / 64 / 256) / 8
    assert weight_bytes(shape, "nf4").likely_bytes == pytest.approx(expected, rel=1e-3)


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'int3'.*q4_k_m"):
        weight_bytes(find_model("Qwen3-8B"), "int3")


@given(st.sampled_from(["Qwen2.5-7B", "Mixtral-8x7B", "Gemma-2-9B", "DeepSeek-V3", "Jamba-v0.1"]))
def test_fewer_bits_never_weigh_more(model: str) -> None:
    shape = find_model(model)
    ladder = ["fp32", "bf16", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q3_k_m", "q2_k"]
    sizes = [weight_bytes(shape, dtype).likely_bytes for dtype in ladder]
    assert sizes == sorted(sizes, reverse=True)
