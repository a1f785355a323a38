import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.gpu import (
    Split,
    find_model,
    kv_bytes_per_sequence,
    kv_bytes_per_token,
    read_shape,
    state_bytes_per_sequence,
)
from mainspring.gpu.cache import PAGE_TOKENS, CacheShare

CONTEXTS = st.integers(min_value=1, max_value=300_000)
MODELS = st.sampled_from(["Llama-3.1-8B", "DeepSeek-V3", "Gemma-3-27B", "Qwen3-Next-80B-A3B", "gpt-oss-20b"])


def decoder(n_heads: int, **more: object) -> dict[str, object]:
    return {
        "model_type": "llama",
        "hidden_size": 64 * n_heads,
        "num_hidden_layers": 3,
        "num_attention_heads": n_heads,
        "intermediate_size": 128,
        "vocab_size": 100,
        **more,
    }


@pytest.mark.parametrize(
    ("model", "size_bytes"),
    [
        ("Llama-3.1-8B", 131_072),
        ("Llama-3.1-70B", 327_680),
        ("Qwen2.5-7B", 57_344),
        ("DeepSeek-V3", 70_272),
        ("Qwen3-Next-80B-A3B", 12 * 2 * 2 * 256 * 2),
        ("Jamba-v0.1", 4 * 2 * 8 * 128 * 2),
    ],
)
def test_a_token_costs_what_its_kind_of_attention_keeps(model: str, size_bytes: int) -> None:
    assert kv_bytes_per_token(find_model(model)) == size_bytes


def test_a_full_context_of_llama_takes_sixteen_gib() -> None:
    assert kv_bytes_per_sequence(find_model("Llama-3.1-8B"), 131_072).likely_bytes == 16 * 1024**3


@pytest.mark.parametrize(("dtype", "share"), [("fp8", 0.5), ("q8_0", 34 / 64), ("q4_0", 18 / 64), ("fp32", 2.0)])
def test_the_cache_type_scales_the_cache(dtype: str, share: float) -> None:
    shape = find_model("Llama-3.1-8B")
    assert kv_bytes_per_token(shape, dtype) == share * kv_bytes_per_token(shape)


def test_an_int8_cache_carries_its_scales() -> None:
    shape = find_model("Llama-3.1-8B")
    assert kv_bytes_per_token(shape, "int8") == 32 * 2 * 8 * (128 + 4)


def test_an_unknown_cache_type_is_refused() -> None:
    with pytest.raises(ConfigError, match="'fp3'"):
        kv_bytes_per_token(find_model("Llama-3.1-8B"), "fp3")


@given(st.integers(min_value=1, max_value=32), CONTEXTS)
def test_gqa_with_as_many_kv_heads_as_heads_is_mha(n_heads: int, n_tokens: int) -> None:
    mha = read_shape(decoder(n_heads))
    gqa = read_shape(decoder(n_heads, num_key_value_heads=n_heads))
    assert kv_bytes_per_sequence(gqa, n_tokens) == kv_bytes_per_sequence(mha, n_tokens)


@given(MODELS, CONTEXTS, st.integers(min_value=0, max_value=100_000))
def test_more_context_never_takes_less(model: str, n_tokens: int, more: int) -> None:
    shape = find_model(model)
    short, long = kv_bytes_per_sequence(shape, n_tokens), kv_bytes_per_sequence(shape, n_tokens + more)
    assert short.low_bytes <= long.low_bytes
    assert short.likely_bytes <= long.likely_bytes
    assert short.high_bytes <= long.high_bytes


@given(MODELS, CONTEXTS, st.sampled_from([1, 2, 4, 8]))
def test_tensor_parallelism_never_enlarges_the_cache_of_a_gpu(model: str, n_tokens: int, degree: int) -> None:
    shape = find_model(model)
    whole = kv_bytes_per_sequence(shape, n_tokens)
    share = kv_bytes_per_sequence(shape, n_tokens, share=CacheShare(Split(degree)))
    assert share.likely_bytes <= whole.likely_bytes


def test_tensor_parallelism_copies_a_latent_and_divides_heads() -> None:
    eight = CacheShare(Split(8))
    latent, heads = find_model("DeepSeek-V3"), find_model("Llama-3.1-8B")
    assert kv_bytes_per_sequence(latent, 1024, share=eight) == kv_bytes_per_sequence(latent, 1024)
    assert 8 * kv_bytes_per_sequence(heads, 1024, share=eight).likely_bytes == 1024 * 131_072


def test_tensor_parallelism_beyond_the_kv_heads_copies_the_cache() -> None:
    shape = read_shape(decoder(16, num_key_value_heads=2))
    two, eight = (kv_bytes_per_sequence(shape, 160, share=CacheShare(Split(n))) for n in (2, 8))
    assert two == eight


@given(st.integers(min_value=1, max_value=10_000))
def test_pages_round_up_by_less_than_a_page(n_tokens: int) -> None:
    shape = find_model("Llama-3.1-8B")
    size = kv_bytes_per_sequence(shape, n_tokens)
    assert size.low_bytes == n_tokens * 131_072
    assert 0 <= size.likely_bytes - size.low_bytes < PAGE_TOKENS * 131_072


def test_the_high_figure_keeps_one_page_to_spare() -> None:
    size = kv_bytes_per_sequence(find_model("Llama-3.1-8B"), 1600)
    assert size.high_bytes - size.likely_bytes == PAGE_TOKENS * 131_072


def test_a_sliding_window_stops_growing_at_its_window() -> None:
    shape = read_shape(decoder(4, model_type="mistral", sliding_window=4096))
    assert kv_bytes_per_sequence(shape, 8192) == kv_bytes_per_sequence(shape, 100_000)


def test_a_linear_layer_keeps_a_state_and_no_tokens() -> None:
    shape = find_model("Qwen3-Next-80B-A3B")
    state = 36 * (32 * 128 * 128 * 4 + (2 * 16 * 128 + 32 * 128) * 3 * 2)
    assert state_bytes_per_sequence(shape).likely_bytes == state
    assert state_bytes_per_sequence(find_model("Llama-3.1-8B")).high_bytes == 0
