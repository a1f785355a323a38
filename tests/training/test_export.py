"""What is served after an export says what PyTorch says of the trained model."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM
from trl import chat_template_utils as templates

from mainspring.core import JsonObject, ToolCall, ToolSpec
from mainspring.models.files import cached, entry
from mainspring.models.local import LlamaServer, LocalSettings
from mainspring.models.local.settings import Lora
from mainspring.train.bases import resolve_base
from mainspring.train.engine.answer import answers
from mainspring.train.export import export, prove
from mainspring.train.export.served import Agreement, Asked, Expected, agreement
from mainspring.train.folder import Row, RunFolder, Turn
from tests.training import trained

pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]  # a busy machine is not a defect
ASKED = [
    Asked(messages=({"role": "user", "content": words},)) for words in ("Is the sea wide?", "Count from 1 to 1492.")
]
N_TOKENS = 24
TIE = 0.01
"""Two tokens as close as that, in nats, come out in either order: llama.cpp keeps its cache in 16 bits."""


def compared(run: RunFolder, file: Path, *, lora: Sequence[Path] = ()) -> list[Agreement]:
    """Hold a GGUF that is served against PyTorch."""
    expected = [
        Expected.model_validate(one)
        for one in answers(run, [{**one.model_dump(), "tokens": N_TOKENS} for one in ASKED])
    ]
    adapters = tuple(Lora(path=path) for path in lora)
    server = LlamaServer(file, LocalSettings(strict=True, context_tokens=128, threads=1, lora=adapters))

    async def ask() -> list[Agreement]:
        address = await server.ready()
        return [await agreement(address, *one) for one in zip(ASKED, expected, strict=True)]

    try:
        return asyncio.run(ask())
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("kind", "cut", "settings"),
    [
        ("llama", "smollm", {"tie_word_embeddings": True}),
        ("llama", "llama-bpe", {"attention_bias": True, "mlp_bias": True}),
        ("qwen2", "qwen2", {}),
        ("qwen3", "qwen2", {"head_dim": 32}),
    ],
)
def test_a_merged_gguf_answers_as_pytorch_does(
    tmp_path: Path, kind: str, cut: str, settings: dict[str, object]
) -> None:
    base = trained.base(tmp_path / "base", kind, cut=cut, **settings)
    run = trained.run(tmp_path / "run", base, tmp_path / "cache")
    made = export(run, "gguf", quantization="f32").gguf
    assert made is not None
    found = compared(run, made)
    assert all(one.clearest_difference < TIE and one.same_prompt for one in found), found


def test_a_full_fine_tune_of_a_gguf_answers_as_pytorch_does(tmp_path: Path) -> None:
    base = trained.base(tmp_path / "base", "llama")
    first = export(trained.run(tmp_path / "first", base, tmp_path / "cache"), "gguf", quantization="q8_0").gguf
    assert first is not None
    run = trained.run(tmp_path / "second", first, tmp_path / "cache", method="full")
    made = export(run, "gguf", quantization="f16").gguf
    assert made is not None
    found = compared(run, made)
    assert all(one.clearest_difference < TIE and one.same_prompt for one in found), found


@pytest.mark.parametrize(("kind", "cut"), [("llama", "gpt-2"), ("qwen2", "qwen2")])
def test_an_adapter_laid_over_the_bases_gguf_answers_as_pytorch_does(tmp_path: Path, kind: str, cut: str) -> None:
    base = trained.base(tmp_path / "base", kind, cut=cut)
    first = export(trained.run(tmp_path / "first", base, tmp_path / "cache"), "gguf", quantization="f32").gguf
    assert first is not None
    run = trained.run(tmp_path / "second", first, tmp_path / "cache")
    adapter = export(run, "gguf-adapter").gguf
    assert adapter is not None
    found = compared(run, first, lora=[adapter])
    assert all(one.clearest_difference < TIE and one.same_prompt for one in found), found
    assert any(one.clearest_difference > TIE for one in compared(run, first))  # without it


@pytest.mark.parametrize("kind", ["linear", "yarn"])
def test_stretched_positions_are_served_as_they_were_trained(tmp_path: Path, kind: str) -> None:
    base = trained.base(tmp_path / "base", "llama", max_position_embeddings=64)
    run = trained.run(tmp_path / "run", base, tmp_path / "cache", rope={"kind": kind, "factor": 4})
    made = export(run, "gguf", quantization="f32").gguf
    assert made is not None
    found = compared(run, made)
    assert all(one.clearest_difference < TIE for one in found), found


@pytest.mark.parametrize("form", ["safetensors", "adapter"])
def test_transformers_loads_what_is_exported_for_it(tmp_path: Path, form: str) -> None:
    base = trained.base(tmp_path / "base", "qwen2")
    run = trained.run(tmp_path / "run", base, tmp_path / "cache")
    folder = export(run, "safetensors" if form == "safetensors" else "adapter").folder
    if form == "safetensors":
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    else:
        from peft import PeftModel

        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), folder)
    (expected,) = answers(run, [{**ASKED[0].model_dump(), "tokens": 8}])
    prompt = torch.tensor([expected["prompt_ids"]])
    said = model.generate(input_ids=prompt, max_new_tokens=8, do_sample=False, eos_token_id=1, pad_token_id=1)
    assert said[0, prompt.shape[1] :].tolist() == expected["ids"]


async def test_a_proof_asks_the_held_out_questions_and_stays_beside_the_export(tmp_path: Path) -> None:
    run = trained.run(tmp_path / "run", trained.base(tmp_path / "base", "llama"), tmp_path / "cache")
    exported = export(run, "gguf", quantization="f32")
    proof = await prove(exported, run, python=sys.executable, n_tokens=8)
    assert proof.holds
    assert [one.question for one in proof.prompts][:2] == [asks for asks, _ in trained.ROWS]
    assert (exported.folder / "proof.json").is_file()


async def test_a_proof_shows_tools_as_the_servers_own_template_does(tmp_path: Path) -> None:
    base = trained.base(tmp_path / "base", "qwen2", cut="qwen2", max_position_embeddings=2048)
    (base / "chat_template.jinja").write_text(templates.qwen2_5_chat_template)
    run = trained.run(tmp_path / "run", base, tmp_path / "cache")
    parameters: JsonObject = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    call = ToolCall(id="call_0", name="sum", arguments={"a": 1})
    row = Row(
        id="validation:0",
        messages=(
            Turn(role="user", content="Sum 1."),
            Turn(role="assistant", content="", calls=(call,), learn=True),
        ),
        tools=(ToolSpec("sum", "Add numbers.", parameters),),
    )
    run.rows("validation").write_text(row.model_dump_json() + "\n")
    proof = await prove(export(run, "gguf", quantization="f32"), run, python=sys.executable, n_tokens=4)
    assert proof.prompts[0].question == "Sum 1."
    assert proof.holds, proof


@pytest.mark.real_model
@pytest.mark.filterwarnings("ignore")  # of transformers, about its own way of reading GGUF
def test_a_real_gguf_is_read_as_transformers_reads_it(tmp_path: Path) -> None:
    file = cached(entry("smollm2-135m"))
    if file is None:
        pytest.skip("the model is not in the cache")
    ours = AutoModelForCausalLM.from_pretrained(resolve_base(str(file), cache=tmp_path).folder, dtype=torch.float32)
    theirs = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    ids = torch.arange(1, 40).reshape(1, -1) * 97
    with torch.inference_mode():
        assert torch.equal(ours(input_ids=ids).logits, theirs(input_ids=ids).logits)


@pytest.mark.real_model
@pytest.mark.timeout(600)
async def test_a_real_model_in_eight_bits_says_most_of_what_pytorch_says(tmp_path: Path) -> None:
    file = cached(entry("smollm2-135m"))
    if file is None:
        pytest.skip("the model is not in the cache")
    run = trained.run(tmp_path / "run", file, tmp_path / "cache", adapter_std=0.002)
    proof = await prove(export(run, "gguf", quantization="q8_0"), run, n_rows=0, n_tokens=24)
    assert proof.holds, proof
