"""Takes datasets as a user would, in the training environment: `python take.py MODEL FOLDER...`.

Each folder is loaded by `datasets.load_dataset`, and what comes of that is handed to TRL's trainer as it is, with a
tiny Llama of random weights, which is written into MODEL before. A line of JSON says of each what was loaded, what
the trainer made of the first row, and the loss.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]  # is in the training environment alone
from datasets import load_dataset  # type: ignore[import-not-found,unused-ignore]  # likewise
from tokenizers import (  # type: ignore[import-not-found,unused-ignore]  # likewise
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
)
from transformers import (  # type: ignore[import-not-found,unused-ignore]  # likewise
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer  # type: ignore[import-not-found,unused-ignore]  # likewise

END, PAD = "<|end|>", "<|pad|>"
NOT_LEARNT = -100
"""The label of a token that counts for no loss."""
TEMPLATE = (
    "{%- if tools %}<|tools|>{{ tools | tojson }}{{ '<|end|>' }}{% endif %}"
    "{%- for message in messages %}<|{{ message.role }}|>"
    "{%- if message.tool_calls %}{{ message.tool_calls | tojson }}{% endif %}"
    "{{ message.content or '' }}{{ '<|end|>' }}"
    "{%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TRAINERS: dict[str, str] = {"alpaca": "", "preference": "dpo", "sharegpt": ""}
"""How a format is trained on; nothing for one that TRL does not read: of ShareGPT's it keeps the names of roles."""


def tokenizer() -> Any:
    """Make a tokenizer of single bytes, which knows every text."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END, pad_token=PAD)
    fast.chat_template = TEMPLATE
    return fast


def write_model(folder: Path, words: Any) -> None:
    """Write a Llama of a few thousand random weights as one that was downloaded."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=2048,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)


def settings(kind: type[Any], out: Path) -> Any:
    """Say that one step is enough."""
    return kind(
        output_dir=str(out),
        max_steps=1,
        per_device_train_batch_size=2,
        max_length=2048,
        learning_rate=1e-3,
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )


def take(folder: Path, model: Path, words: Any) -> dict[str, Any]:
    """Load a dataset, train a model one step on it, and say what was seen."""
    loaded = load_dataset(str(folder))
    seen: dict[str, Any] = {
        "format": folder.name,
        "rows": {split: list(rows) for split, rows in loaded.items()},
    }
    trained = TRAINERS.get(folder.name, "sft")
    if not trained:
        return seen
    kind, config = (DPOTrainer, DPOConfig) if trained == "dpo" else (SFTTrainer, SFTConfig)
    trainer = kind(model=str(model), args=settings(config, folder / "trained"), train_dataset=loaded["train"])
    first = trainer.train_dataset[0]
    seen["texts"] = {name: words.decode(ids) for name, ids in _ids(first)}
    seen["loss"] = trainer.train().training_loss
    return seen


def _ids(row: dict[str, Any]) -> Iterator[tuple[str, list[int]]]:
    """Give what the trainer made of a row: its tokens, and those that are learnt where it says which."""
    for name, value in row.items():
        if name.endswith("ids"):
            yield name, value
    if "labels" in row:
        yield "learnt", [token for token in row["labels"] if token != NOT_LEARNT]


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    home, *datasets = [Path(argument) for argument in sys.argv[1:]]
    known = tokenizer()
    write_model(home, known)
    for dataset in datasets:
        sys.stdout.write(json.dumps(take(dataset, home, known)) + "\n")
        sys.stdout.flush()
