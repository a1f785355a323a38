"""A model of a few hundred weights, made without torch: as a Hugging Face folder, and what training made of it."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from mainspring.train.bases import resolve_base
from mainspring.train.folder import Row, RunFolder, Turn
from mainspring.train.job import Job
from mainspring.train.weights import Shards
from mainspring.train.weights.shards import ADAPTER, WEIGHTS, Layout, ShardWriter
from mainspring.train.weights.tokenizer import CUTS

TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT: Final = "The sea is wide and the sea is deep, and 12 ships went over it in 1492; it's we who'll go next."
N_TOKENS: Final = 320
WIDTH, HEADS, KV_HEADS, INNER = 64, 4, 2, 96
RANK, ALPHA = 4, 8.0
_LINEARS: Final = {
    "self_attn.q_proj": (WIDTH, WIDTH),
    "self_attn.k_proj": (WIDTH // 2, WIDTH),
    "self_attn.v_proj": (WIDTH // 2, WIDTH),
    "self_attn.o_proj": (WIDTH, WIDTH),
    "mlp.gate_proj": (INNER, WIDTH),
    "mlp.up_proj": (INNER, WIDTH),
    "mlp.down_proj": (WIDTH, INNER),
}


def tokenizer(cut: str = "smollm") -> Tokenizer:
    """Make a byte-level tokenizer that has learnt some merges, and cuts as llama.cpp's `cut` does."""
    known = CUTS[cut]
    made = Tokenizer(models.BPE(ignore_merges=known.whole_words))
    steps: list[Any] = [pre_tokenizers.Digits(individual_digits=True)] if known.digits_alone else []
    steps += [pre_tokenizers.Split(Regex(known.pattern), behavior="isolated")] if known.pattern else []
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not known.pattern))
    made.pre_tokenizer = pre_tokenizers.Sequence(steps)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator([TEXT], trainer)
    made.add_tokens([AddedToken("<think>", special=False, normalized=False)])
    return made


def base(folder: Path, *, cut: str = "smollm", **config: Any) -> Path:
    """Write a Llama of two layers in Hugging Face's form."""
    folder.mkdir(parents=True)
    said = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": N_TOKENS,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": 2,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "hidden_act": "silu",
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
    }
    (folder / "config.json").write_text(json.dumps(said | config))
    (folder / "tokenizer.json").write_text(tokenizer(cut).to_str())
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_end|>"}))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    save(folder / WEIGHTS, weights())
    return folder


def weights() -> dict[str, NDArray[np.float32]]:
    """Give random weights by name."""
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (N_TOKENS, WIDTH),
        "model.norm.weight": (WIDTH,),
    }
    for layer in (0, 1):
        prefix = f"model.layers.{layer}"
        shapes |= {f"{prefix}.{name}.weight": shape for name, shape in _LINEARS.items()}
        shapes |= {f"{prefix}.{name}.weight": (WIDTH,) for name in ("input_layernorm", "post_attention_layernorm")}
    random = np.random.default_rng(3)
    return {name: np.asarray(random.normal(size=shape), np.float32) for name, shape in shapes.items()}


def factors(*, width: int = WIDTH) -> dict[str, NDArray[np.float32]]:
    """Give an adapter's factors for q of both layers, by PEFT's names."""
    random = np.random.default_rng(4)
    made: dict[str, NDArray[np.float32]] = {}
    for layer in (0, 1):
        stem = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        made[f"{stem}.lora_A.weight"] = np.asarray(random.normal(size=(RANK, width)), np.float32)
        made[f"{stem}.lora_B.weight"] = np.asarray(random.normal(size=(width, RANK)), np.float32)
    return made


def save(path: Path, tensors: dict[str, NDArray[np.float32]]) -> None:
    """Write tensors into a safetensors file."""
    with ShardWriter(path, {name: Layout(one.shape, "F32") for name, one in tensors.items()}) as writer:
        for name, one in tensors.items():
            writer.write(name, one)


def run(out: Path, given: Path | str, **settings: Any) -> RunFolder:
    """Write the folder of a run that came to its end with an adapter, or with all weights (`method="full"`)."""
    made = RunFolder(out)
    found = resolve_base(str(given), cache=out.parent / "cache")
    job = Job.model_validate({"data": out / "data", "base": str(found.folder), "out": out} | settings)
    made.rows("train").parent.mkdir(parents=True)
    made.model.mkdir()
    made.job.write_text(job.model_dump_json())
    made.base.write_text(found.model_dump_json())
    turns = (Turn(role="user", content="Is the sea wide?"), Turn(role="assistant", content="It is.", learn=True))
    row = Row(id="train-00000.jsonl:1", messages=turns).model_dump_json()
    made.rows("train").write_text(f"{row}\n")
    if job.method == "full":
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
            (made.model / name).write_bytes((found.folder / name).read_bytes())
        before = Shards(found.folder)
        save(made.model / WEIGHTS, {name: before.read(name) + np.float32(1) for name in before.layouts})
        return made
    adapter = {"peft_type": "LORA", "r": RANK, "lora_alpha": ALPHA, "target_modules": ["q_proj"]}
    (made.model / "adapter_config.json").write_text(json.dumps(adapter))
    save(made.model / ADAPTER, factors())
    return made
