import json
from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.gpu import active_parameter_count, find_model, parameter_count, read_shape

PUBLISHED = {
    "Llama-3.1-8B": 8_030_261_248,
    "Llama-3.1-70B": 70_553_706_496,
    "Llama-3.1-405B": 405_853_388_800,
    "Llama-3.2-1B": 1_235_814_400,
    "Llama-3.2-3B": 3_212_749_824,
    "Llama-3.3-70B": 70_553_706_496,
    "Qwen2.5-0.5B": 494_032_768,
    "Qwen2.5-1.5B": 1_543_714_304,
    "Qwen2.5-Coder-1.5B": 1_543_714_304,
    "Qwen2.5-7B": 7_615_616_512,
    "Qwen2.5-14B": 14_770_033_664,
    "Qwen2.5-32B": 32_763_876_352,
    "Qwen2.5-72B": 72_706_203_648,
    "Qwen3-8B": 8_190_735_360,
    "Qwen3-32B": 32_762_123_264,
    "Qwen3-30B-A3B": 30_532_122_624,
    "Qwen3-235B-A22B": 235_093_634_560,
    "Qwen3-Next-80B-A3B": 79_674_391_296,
    "Mistral-7B-v0.3": 7_248_023_552,
    "Mixtral-8x7B": 46_702_792_704,
    "Gemma-2-9B": 9_241_705_984,
    "Gemma-3-27B": 27_009_346_304,
    "Phi-4": 14_659_507_200,
    "DeepSeek-V3": 671_026_419_200,
    "DeepSeek-R1": 671_026_419_200,
    "Kimi-K2": 1_026_408_232_448,
    "gpt-oss-20b": 20_914_757_184,
    "gpt-oss-120b": 116_829_156_672,
    "SmolLM2-135M": 134_515_008,
    "SmolLM2-1.7B": 1_711_376_384,
    "Nemotron-H-8B": 8_100_000_000,
    "Jamba-v0.1": 51_570_323_328,
}
"""Elements in the published safetensors files: language model only, no multi-token-prediction layers."""

LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 100,
}


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_derived_parameters_agree_with_the_published_count(name: str, published: int) -> None:
    assert parameter_count(find_model(name)) == pytest.approx(published, rel=1e-3)


@pytest.mark.parametrize(
    ("config", "published"),
    [
        (
            {
                "model_type": "gpt2",
                "n_embd": 768,
                "n_layer": 12,
                "n_head": 12,
                "vocab_size": 50257,
                "n_positions": 1024,
            },
            124_439_808,
        ),
        (
            {
                "model_type": "olmoe",
                "hidden_size": 2048,
                "num_hidden_layers": 16,
                "vocab_size": 50304,
                "intermediate_size": 1024,
                "num_attention_heads": 16,
                "num_experts": 64,
                "num_experts_per_tok": 8,
                "tie_word_embeddings": False,
            },
            6_919_161_856,
        ),
        (
            {
                "model_type": "mamba",
                "hidden_size": 768,
                "num_hidden_layers": 24,
                "vocab_size": 50280,
                "state_size": 16,
                "expand": 2,
                "conv_kernel": 4,
                "time_step_rank": 48,
            },
            129_135_360,
        ),
    ],
    ids=["gpt2", "OLMoE-1B-7B", "mamba-130m"],
)
def test_models_outside_the_catalog_agree_too(config: dict[str, object], published: int) -> None:
    assert parameter_count(read_shape(config)) == published


def test_nemotron_super_counts_latent_experts_and_its_active_share() -> None:
    pattern = "MEMEMEM*EMEMEMEM*EMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEM*EMEMEMEME"
    shape = read_shape(
        {
            "model_type": "nemotron_h",
            "hidden_size": 4096,
            "num_hidden_layers": 88,
            "vocab_size": 131072,
            "hybrid_override_pattern": pattern,
            "mamba_num_heads": 128,
            "mamba_head_dim": 64,
            "n_groups": 8,
            "ssm_state_size": 128,
            "conv_kernel": 4,
            "num_attention_heads": 32,
            "num_key_value_heads": 2,
            "head_dim": 128,
            "n_routed_experts": 512,
            "n_shared_experts": 1,
            "num_experts_per_tok": 22,
            "moe_latent_size": 1024,
            "moe_intermediate_size": 2688,
            "moe_shared_expert_intermediate_size": 5376,
            "tie_word_embeddings": False,
        }
    )
    published_bf16, prediction_layer, correction_biases = 123_611_012_096, 2_942_324_736, 40 * 512
    assert parameter_count(shape) == published_bf16 - prediction_layer + correction_biases
    assert active_parameter_count(shape) == pytest.approx(12_770_216_960, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "published"),
    [("DeepSeek-V3", 37e9), ("Kimi-K2", 32e9), ("Qwen3-235B-A22B", 22e9), ("Mixtral-8x7B", 12.9e9)],
)
def test_active_parameters_agree_with_the_published_figure(name: str, published: float) -> None:
    assert active_parameter_count(find_model(name)) == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize(
    ("name", "mixers"),
    [
        ("Gemma-3-27B", {"sliding": 52, "full": 10}),
        ("Gemma-2-9B", {"sliding": 21, "full": 21}),
        ("gpt-oss-20b", {"sliding": 12, "full": 12}),
        ("Qwen3-Next-80B-A3B", {"gated-delta": 36, "full": 12}),
        ("Jamba-v0.1", {"mamba": 28, "full": 4}),
        ("Nemotron-H-8B", {"mamba2": 24, "full": 4}),
        ("DeepSeek-V3", {"latent": 61}),
        ("Qwen2.5-7B", {"full": 28}),
    ],
)
def test_each_layer_is_read_as_the_kind_it_is(name: str, mixers: dict[str, int]) -> None:
    assert find_model(name).mixers() == mixers


def test_layer_types_decide_over_the_family_rule() -> None:
    config = {
        **LLAMA,
        "model_type": "qwen3",
        "sliding_window": 32,
        "layer_types": ["sliding_attention", "full_attention"],
    }
    assert read_shape(config).mixers() == {"sliding": 1, "full": 1}


def test_an_unknown_layer_kind_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="'moon_attention'"):
        read_shape({**LLAMA, "layer_types": ["full_attention", "moon_attention"]})


@pytest.mark.parametrize(
    "field", ["rwkv_head_size", "kv_lora_rank", "index_topk", "num_kv_shared_layers", "sliding_window"]
)
def test_an_unknown_model_with_foreign_attention_is_refused(field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        read_shape({**LLAMA, "model_type": "brandnew", field: 64})


def test_an_unknown_plain_model_is_read_with_a_note() -> None:
    shape = read_shape({**LLAMA, "model_type": "brandnew"})
    assert shape.mixers() == {"full": 2}
    assert any("brandnew" in note for note in shape.notes)


@pytest.mark.parametrize(
    "field", ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"]
)
def test_a_missing_field_is_named_with_its_remedy(field: str) -> None:
    config = {key: value for key, value in LLAMA.items() if key != field}
    with pytest.raises(ConfigError, match=rf"'{field}'.*add it"):
        read_shape(config)


def test_a_field_of_the_wrong_type_is_named_with_its_value() -> None:
    with pytest.raises(ConfigError, match="'vocab_size' is 'many'"):
        read_shape({**LLAMA, "vocab_size": "many"})


def test_a_missing_model_type_is_named() -> None:
    with pytest.raises(ConfigError, match="model_type"):
        read_shape({key: value for key, value in LLAMA.items() if key != "model_type"})


def test_a_multimodal_wrapper_is_unwrapped_and_says_what_is_not_counted() -> None:
    shape = find_model("Gemma-3-27B")
    assert shape.model_type == "gemma3_text"
    assert any("vision" in note for note in shape.notes)


def test_the_wrapper_decides_about_tied_embeddings() -> None:
    assert read_shape({"text_config": LLAMA, "tie_word_embeddings": True}).tied
    assert not read_shape({"text_config": LLAMA}).tied


@pytest.mark.parametrize(
    ("scaling", "native", "extended"),
    [
        (None, 4096, 4096),
        ({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}, 4096, 16384),
        ({"type": "linear", "factor": 2}, 4096, 8192),
        ({"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 1024}, 1024, 4096),
    ],
)
def test_rope_scaling_gives_native_and_extended_context(
    scaling: dict[str, object] | None, native: int, extended: int
) -> None:
    shape = read_shape({**LLAMA, "max_position_embeddings": 4096, "rope_scaling": scaling})
    assert (shape.native_context, shape.max_context) == (native, extended)


def test_a_path_is_taken_in_place_of_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "my-model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA))
    by_file, by_folder = find_model(folder / "config.json"), find_model(str(folder))
    assert by_file == by_folder
    assert by_file.name == "my-model"


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_file_that_is_no_configuration_is_a_config_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.json"):
        find_model(path)


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        find_model(tmp_path / "config.json")
