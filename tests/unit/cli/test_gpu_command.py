import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mainspring.cli.gpu import gpu, read_length
from mainspring.core.errors import ConfigError, MainspringError

APP = typer.Typer()
APP.command()(gpu)


def run(*arguments: str, width: int = 100) -> Result:
    return CliRunner().invoke(APP, list(arguments), env={"COLUMNS": str(width)})


def said(*arguments: str, width: int = 100) -> str:
    result = run(*arguments, width=width)
    assert result.exit_code == 0, result.exception
    return result.stdout


def document(*arguments: str) -> dict[str, object]:
    answer = json.loads(said(*arguments, "--json"))
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("text", "n_tokens"),
    [("32k", 32_768), ("128K", 131_072), ("1m", 1_048_576), ("8192", 8192), ("8,192", 8192), ("1.5k", 1536)],
)
def test_lengths_are_read_as_people_write_them(text: str, n_tokens: int) -> None:
    assert read_length(text) == n_tokens


@pytest.mark.parametrize("text", ["", "k", "3q", "-1", "0", "1.5", "inf", "nan"])
def test_a_length_that_is_none_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ConfigError, match="no number of tokens"):
        read_length(text)


def test_the_breakdown_names_the_answer_and_every_term() -> None:
    out = said("Llama-3.1-70B", "--context", "32k", "--users", "16", "--gpu", "h100")
    assert "8 x H100 SXM 80GB" in out
    for word in ("weights", "KV cache", "CUDA graphs", "collectives", "total", "39 users"):
        assert word in out


def test_what_does_not_fit_says_what_to_change() -> None:
    out = said("Llama-3.1-70B", "--context", "32k", "--users", "16", "--gpu", "h100", "--gpus", "4")
    assert "does not fit" in out
    assert "KV cache in fp8" in out


def test_without_a_gpu_the_common_ones_are_compared() -> None:
    out = said("qwen3-8b")
    for name in ("RTX 4090", "L40S", "H200", "MI300X"):
        assert name in out


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for arguments in (("deepseek-v3", "--dtype", "fp8", "--gpu", "h200"), ("deepseek-v3",)):
        assert max(map(len, said(*arguments, width=width).splitlines())) <= width


def test_piped_output_has_no_colour() -> None:
    assert "\x1b[" not in said("qwen3-8b", "--gpu", "h100")


def test_json_is_one_document_whose_terms_sum_to_the_total() -> None:
    answer = document("Llama-3.1-70B", "--context", "32k", "--users", "16", "--gpu", "h100")
    terms, total = answer["terms"], answer["total"]
    assert isinstance(terms, list)
    assert isinstance(total, dict)
    assert answer["n_gpus"] == 8
    assert answer["ask"] == {
        "kind": "serve",
        "context_tokens": 32_768,
        "n_users": 16,
        "dtype": "bf16",
        "kv_dtype": "bf16",
        "chunk_tokens": 8192,
    }
    assert sum(term["likely_bytes"] for term in terms) == total["likely_bytes"]


def test_json_of_a_comparison_lists_the_gpus() -> None:
    gpus = document("qwen3-8b")["gpus"]
    assert isinstance(gpus, list)
    assert {"gpu", "n_gpus", "split", "verdict", "total", "most"} == set(gpus[0])


@pytest.mark.parametrize("more", [(), ("--gpu", "h100")])
def test_a_context_beyond_the_model_says_which_scaling_reaches_it(more: tuple[str, ...]) -> None:
    out = " ".join(said("Qwen2.5-7B", "--context", "128k", *more).split())
    assert "131,072 tokens exceed the model's 32,768; RoPE scaling yarn:4 reaches them" in out


def test_a_scaling_that_is_asked_for_lets_the_model_reach_further() -> None:
    answer = document("Qwen2.5-7B", "--context", "128k", "--gpu", "h100", "--rope", "yarn:4")
    model, notes = answer["model"], answer["notes"]
    assert isinstance(model, dict)
    assert (model["native_context_tokens"], model["max_context_tokens"]) == (32_768, 131_072)
    assert model["rope"] == {"kind": "yarn", "factor": 4.0}
    assert "exceed" not in json.dumps(notes)


def test_training_options_reach_the_estimate() -> None:
    arguments = ("llama-3.1-8b", "--gpu", "h100", "--gpus", "1")
    lora = document(*arguments, "--train", "lora", "--rank", "8", "--context", "2k")
    full = document(*arguments, "--train", "full", "--optimizer", "sgd", "--no-checkpointing")
    assert "20,971,520 parameters" in json.dumps(lora["terms"])
    assert full["ask"] == {
        "kind": "train",
        "method": "full",
        "optimizer": "sgd",
        "precision": "mixed",
        "zero_stage": 3,
        "micro_batch": 1,
        "sequence_tokens": 4096,
        "rank": 16,
        "targets": "all",
        "checkpointing": "none",
        "flash_attention": True,
        "chunked_logits": False,
    }


def test_a_degree_of_parallelism_is_taken_and_the_rest_are_replicas() -> None:
    answer = document("llama-3.1-8b", "--gpu", "h100", "--gpus", "4", "--tp", "2")
    assert answer["split"] == {"tensor": 2, "pipeline": 1, "expert": 1, "replicas": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such-model",), "not in the catalog"),
        (("qwen3-8b", "--gpu", "h101"), "did you mean"),
        (("qwen3-8b", "--dtype", "int3"), "int3"),
        (("qwen3-8b", "--kv-dtype", "fp3"), "fp3"),
        (("qwen3-8b", "--context", "much"), "much"),
        (("qwen3-8b", "--rope", "yarn"), "no RoPE scaling"),
        (("jamba-v0.1", "--rope", "yarn:2"), "no rotary positions"),
        (("qwen3-8b", "--users", "0"), "n_users"),
        (("qwen3-8b", "--train", "dream"), "--train"),
        (("qwen3-8b", "--train", "full", "--zero", "4"), "--zero"),
        (("qwen3-8b", "--gpus", "4"), "--gpu"),
        (("qwen3-8b", "--gpu", "h100", "--tp", "3"), "32 attention heads"),
        (("qwen3-8b", "--gpu", "h100", "--gpus", "3", "--tp", "2"), "no multiple"),
        (("qwen3-8b", "--gpu", "h100", "--gpus", "0"), "at least 1"),
    ],
)
def test_a_mistake_is_an_error_of_ours_that_names_it(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, MainspringError)
    assert message in str(result.exception)


def test_a_configuration_file_stands_in_for_a_name(tmp_path: Path) -> None:
    config = {
        "model_type": "llama",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "vocab_size": 100,
    }
    path = tmp_path / "tiny" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps(config))
    assert "tiny" in said(str(path), "--gpu", "l4")
