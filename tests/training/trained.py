"""Runs that came to their end: tiny bases of random weights, and adapters on them that change much."""

from pathlib import Path
from typing import Any, Final

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    PreTrainedTokenizerFast,
)

from mainspring.train.bases import resolve_base
from mainspring.train.folder import Row, RunFolder, Turn
from mainspring.train.job import Job
from mainspring.train.weights.tokenizer import CUTS
from tests.training.tiny import CHATML

TEXT: Final = (
    "The capital of France is Paris, and that of Italy is Rome. Count from 1 to 12, with commas between. Write one "
    "sentence about the sea: the sea is wide, the sea is deep, and the ships go over it in 2026 as in 1492."
)
ROWS: Final = (("Is the sea wide?", "It is."), ("Is the sea deep?", "Very."))


def tokenizer(cut: str = "gpt-2") -> Any:
    """Make a byte-level tokenizer that has learnt some merges, and cuts as llama.cpp's `cut` does."""
    known = CUTS[cut]
    made = Tokenizer(models.BPE(ignore_merges=known.whole_words))
    steps: list[Any] = [pre_tokenizers.Digits(individual_digits=True)] if known.digits_alone else []
    steps += [pre_tokenizers.Split(Regex(known.pattern), behavior="isolated")] if known.pattern else []
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not known.pattern))
    made.pre_tokenizer = pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0]
    made.decoder = decoders.ByteLevel()
    marks = ("<|im_start|>", "<|im_end|>")
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=list(marks),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator([TEXT], trainer)
    made.add_tokens([AddedToken("<think>", special=False, normalized=False)])
    wrapped = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|im_end|>")
    wrapped.chat_template = CHATML
    return wrapped


def base(folder: Path, kind: str, *, cut: str = "gpt-2", **changes: Any) -> Path:
    """Write a tiny model of random weights."""
    settings: dict[str, Any] = {
        "vocab_size": 352,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 256,
        "initializer_range": 0.15,
        "eos_token_id": 1,
    }
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **settings | changes))
    for name, weight in model.named_parameters():
        if name.endswith(".bias"):  # which are nothing at first, and would hide a mistake
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    tokenizer(cut).save_pretrained(folder)
    return folder


def run(out: Path, given: Path | str, cache: Path, *, adapter_std: float = 0.0, **job: Any) -> RunFolder:
    """Write the folder of a run that came to its end: an adapter that changes every linear, or all weights.

    `adapter_std` is the spread of the adapter's factors; 0 leaves them as PEFT makes them.
    """
    made = RunFolder(out)
    made.rows("train").parent.mkdir(parents=True)
    found = resolve_base(str(given), cache=cache)
    settings = Job.model_validate(
        {"data": out / "data", "base": str(found.folder), "out": out, "adapter": {"rank": 4, "alpha": 8}} | job
    )
    made.job.write_text(settings.model_dump_json())
    made.base.write_text(found.model_dump_json())
    for split in ("train", "validation"):
        made.rows(split).write_text("".join(row.model_dump_json() + "\n" for row in _rows(split)))
    model = AutoModelForCausalLM.from_pretrained(found.folder, dtype=torch.float32)
    torch.manual_seed(11)
    if settings.method == "full":
        for weight in model.parameters():
            weight.data += 0.02 * torch.randn_like(weight)
        model.save_pretrained(made.model)
        for words in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
            (made.model / words).write_bytes((found.folder / words).read_bytes())
        return made
    adapted = get_peft_model(
        model,
        LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False),
    )
    for name, weight in adapted.named_parameters():
        if adapter_std and "lora_" in name:
            torch.nn.init.normal_(weight, std=adapter_std)
    adapted.save_pretrained(made.model)
    return made


def _rows(split: str) -> list[Row]:
    made: list[Row] = []
    for place, (asks, says) in enumerate(ROWS):
        turns = (Turn(role="user", content=asks), Turn(role="assistant", content=says, learn=True))
        made.append(Row(id=f"{split}:{place}", messages=turns))
    return made
