"""RoPE scaling in the calculator: what configurations stretch, and what a longer context needs and costs."""

from collections.abc import Sequence

import pytest

from mainspring.core.errors import ConfigError
from mainspring.gpu import (
    Rope,
    Workload,
    find_gpu,
    find_model,
    plan,
    read_rope,
    read_shape,
    serving_breakdown,
    stretched,
)

H200 = find_gpu("H200")
QWEN = find_model("Qwen2.5-7B")
PHI_3_5 = {
    "model_type": "phi3",
    "hidden_size": 3072,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "intermediate_size": 8192,
    "vocab_size": 32064,
    "max_position_embeddings": 131072,
    "original_max_position_embeddings": 4096,
    "rope_scaling": {"type": "longrope", "long_factor": [1.08], "short_factor": [1.0]},
}
GPT_2 = {"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257, "n_positions": 1024}


def notes(name: str, n_tokens: int, rope: Rope | None = None) -> Sequence[str]:
    shape = find_model(name) if rope is None else stretched(find_model(name), rope)
    return plan(shape, H200, Workload(n_tokens, dtype="fp8")).notes


@pytest.mark.parametrize(
    ("name", "rope", "native", "most"),
    [
        ("Qwen2.5-7B", None, 32_768, 32_768),
        ("Llama-3.1-8B", Rope("llama3", 8.0), 8_192, 131_072),
        ("Llama-3.2-1B", Rope("llama3", 32.0), 8_192, 131_072),
        ("DeepSeek-V3", Rope("yarn", 40.0), 4_096, 163_840),
        ("gpt-oss-20b", Rope("yarn", 32.0), 4_096, 131_072),
        ("Gemma-3-27B", Rope("linear", 8.0), 131_072, 131_072),
    ],
)
def test_a_model_of_the_catalog_says_how_it_is_stretched(
    name: str, rope: Rope | None, native: int, most: int
) -> None:
    shape = find_model(name)
    assert (shape.rope, shape.native_context, shape.max_context) == (rope, native, most)


@pytest.mark.parametrize("kind", ["longrope", "su"])
def test_a_table_of_factors_is_longrope_with_the_context_it_states(kind: str) -> None:
    scaling = {"type": kind, "long_factor": [1.08], "short_factor": [1.0]}
    shape = read_shape({**PHI_3_5, "rope_scaling": scaling})
    assert (shape.rope, shape.native_context, shape.max_context) == (Rope("longrope"), 4_096, 131_072)


def test_qwen_reaches_131072_tokens_with_yarn_of_factor_four_as_its_makers_say() -> None:
    assert stretched(QWEN, read_rope("yarn:4")).max_context == 131_072
    assert any("RoPE scaling yarn:4 reaches them" in note for note in notes("Qwen2.5-7B", 131_072))
    assert not any("exceed" in note for note in notes("Qwen2.5-7B", 131_072, read_rope("yarn:4")))


def test_stretching_costs_the_kv_cache_of_the_longer_context_and_nothing_else() -> None:
    native = serving_breakdown(QWEN, Workload(32_768))
    longer = serving_breakdown(stretched(QWEN, Rope("yarn", 4.0)), Workload(131_072))
    grown = {term.name for term in longer.terms if term.size != native.term(term.name)}
    assert grown == {"KV cache"}
    assert longer.term("KV cache").likely_bytes == 131_072 * 57_344 == 4 * native.term("KV cache").likely_bytes


@pytest.mark.parametrize(
    ("name", "n_tokens", "words"),
    [
        ("Qwen2.5-7B", 40_000, "yarn:1.25 reaches them"),
        ("DeepSeek-V3", 200_000, "yarn:49 instead of 40 reaches them"),
        ("Llama-3.1-8B", 200_000, "llama3 scaling is trained in and reaches no further"),
        ("Gemma-3-27B", 200_000, "linear scaling is counted in those and reaches no further"),
        ("Jamba-v0.1", 300_000, "not rotary"),
    ],
)
def test_a_context_beyond_the_model_gets_the_scaling_that_reaches_it_or_that_none_does(
    name: str, n_tokens: int, words: str
) -> None:
    (note,) = [note for note in notes(name, n_tokens) if "exceed" in note]
    assert words in note


def test_a_scaling_that_is_advised_reaches_the_context_it_is_advised_for() -> None:
    for n_tokens in (32_769, 65_536, 100_000, 131_073):
        (note,) = [note for note in notes("Qwen2.5-7B", n_tokens) if "exceed" in note]
        advised = note.partition("RoPE scaling ")[2].partition(" ")[0]
        assert not any("exceed" in note for note in notes("Qwen2.5-7B", n_tokens, read_rope(advised)))


def test_within_its_own_scaling_a_plan_names_what_it_relies_on() -> None:
    (note,) = [note for note in notes("Llama-3.1-8B", 100_000) if "relies" in note]
    assert note == (
        "beyond 8,192 tokens the model relies on its RoPE scaling (llama3 with factor 8), which reaches 131,072"
    )


def test_a_scaling_that_is_asked_for_tells_its_price() -> None:
    price = "costs some quality on texts within 32,768 tokens too"
    assert any(price in note for note in notes("Qwen2.5-7B", 8, Rope("yarn", 4.0)))
    assert not any(price in note for note in notes("Qwen2.5-7B", 8, Rope("dynamic", 4.0)))


def test_a_model_without_rotary_positions_is_not_stretched() -> None:
    with pytest.raises(ConfigError, match="no rotary positions"):
        stretched(read_shape(GPT_2), Rope("yarn", 4.0))


@pytest.mark.parametrize("text", ["", "yarn", "yarn:1", "yarn:x", "yarn:inf", "yarn:nan", "llama3:8", "4"])
def test_what_is_no_scaling_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ConfigError, match="no RoPE scaling"):
        read_rope(text)


@pytest.mark.parametrize(("text", "rope"), [("yarn:4", Rope("yarn", 4.0)), (" Linear:1.5", Rope("linear", 1.5))])
def test_a_scaling_is_read_as_people_write_it(text: str, rope: Rope) -> None:
    assert read_rope(text) == rope
