"""What tests of training share: a base of a few weights, a dataset, a program that stands in for torchrun."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from mainspring.train import Job

LLAMA: Final = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 272,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}
CHATML: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
)
STARTED: Final = {
    "kind": "started",
    "at": 1.0,
    "step": 0,
    "steps": 2,
    "processes": 1,
    "device": "cpu",
    "precision": "fp32",
    "parallel": "none",
    "parameters": 1000,
    "trained_parameters": 100,
    "rows": 3,
    "tokens": 60,
    "learnt_tokens": 20,
    "unpacked_tokens": 90,
}
ENDED: Final = {"kind": "ended", "at": 9.0, "step": 2, "early": False}
_HEAD: Final = """#!{python}
import json, os, signal, subprocess, sys
from pathlib import Path

out = Path(sys.argv[-1])

def tell(line):
    with (out / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\\n")

def checkpoint(name):
    (out / "checkpoints" / name).mkdir(parents=True)
    (out / "checkpoints" / name / "complete").touch()

"""


def step(number: int, loss: float) -> dict[str, Any]:
    """Make the line of a step."""
    return {
        "kind": "step",
        "at": float(number),
        "step": number,
        "epoch": number / 2,
        "loss": loss,
        "learning_rate": 1e-3,
        "gradient_norm": 1.0,
        "tokens": 60,
        "seconds": 0.5,
        "peak_memory_mb": 500.0,
    }


def evaluation(number: int, loss: float) -> dict[str, Any]:
    """Make the line of a loss on held-out rows."""
    return {"kind": "evaluation", "at": float(number), "step": number, "loss": loss, "is_best": True}


def tiny_base(folder: Path) -> Path:
    """Write a base in Hugging Face's form, with a tokenizer whose tokens are bytes."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA))
    save_file({"model.embed_tokens.weight": np.zeros((272, 32), dtype=np.float32)}, folder / "model.safetensors")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHATML)
    return folder


def dataset(folder: Path, n_rows: int = 20, system: str = "You look things up.") -> Path:
    """Write a dataset whose rows begin alike."""
    folder.mkdir()
    rows = [
        {
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": f"What of {number}?"},
                {"role": "assistant", "content": f"It is {number}."},
            ]
        }
        for number in range(n_rows)
    ]
    (folder / "train-00000.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "validation-00000.jsonl").write_text(json.dumps(rows[0]) + "\n")
    return folder


def job(tmp_path: Path, **settings: Any) -> Job:
    """Make a job over a base and a dataset that are written if they are not there."""
    base, data = tmp_path / "base", tmp_path / "data"
    for path, write in ((base, tiny_base), (data, dataset)):
        if not path.exists():
            write(path)
    usual: dict[str, Any] = {"data": data, "base": str(base), "out": tmp_path / "out"}
    return Job.model_validate(usual | settings)


def stand_in(tmp_path: Path, play: str) -> str:
    """Write a program that is started in the place of Python with torch, and does as a play says."""
    path = tmp_path / "python"
    path.write_text(_HEAD.format(python=sys.executable) + play)
    path.chmod(0o755)
    return str(path)
