"""A base of a few thousand weights with a tokenizer of its own, rows for it, and runs of the engine over them."""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from mainspring.train.folder import Row, RunFolder, Turn
from mainspring.train.job import Job
from mainspring.train.metrics import Step, read_metrics

CHATML: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKED: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}{% else %}{{ message['content'] }}"
    "<|im_end|>{% endif %}\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer(template: str | None = CHATML) -> Any:
    """Make a tokenizer whose tokens are bytes, and the two that mark turns."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(mark, special=True) for mark in ("<|im_start|>", "<|im_end|>")])
    wrapped = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", bos_token="<|im_start|>")
    wrapped.chat_template = template
    return wrapped


def base(folder: Path, *, template: str | None = CHATML, **changes: object) -> Path:
    """Write a tiny Llama of random weights."""
    settings: dict[str, object] = {
        "vocab_size": 272,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "initializer_range": 0.2,
    }
    torch.manual_seed(7)
    LlamaForCausalLM(LlamaConfig(**settings | changes)).save_pretrained(folder)
    tokenizer(template).save_pretrained(folder)
    return folder


def row(name: str, *turns: tuple[str, str]) -> Row:
    """Make a row of which the assistant's words are learnt."""
    return Row(
        id=name,
        messages=tuple(
            Turn.model_validate({"role": who, "content": says, "learn": who == "assistant"}) for who, says in turns
        ),
    )


def rows(n_rows: int) -> list[Row]:
    """Make rows with two different beginnings and words of their own."""
    systems = ("You look things up with find(name).", "You add numbers with sum(a, b), one call at a time.")
    return [
        row(
            f"train-00000.jsonl:{number}",
            ("system", systems[number % 2]),
            ("user", f"What of {number * 7919 % 997}?"),
            ("assistant", f"find({number % 5})" if number % 2 else f"sum({number}, {number * number})"),
        )
        for number in range(n_rows)
    ]


def run_folder(
    out: Path, base_folder: Path, train: Iterable[Row], validation: Iterable[Row] = (), **settings: Any
) -> Job:
    """Write the folder of a run as it is before the engine starts."""
    defaults: dict[str, Any] = {
        "sequence_tokens": 256,
        "batch_tokens": 512,
        "save_every": 3,
        "epochs": 3,
        "adapter": {"rank": 4, "alpha": 8},
        "optimization": {"learning_rate": 0.01},
    }
    job = Job.model_validate({"data": out, "base": str(base_folder), "out": out} | defaults | settings)
    folder = RunFolder(out)
    folder.rows("train").parent.mkdir(parents=True, exist_ok=True)
    folder.job.write_text(job.model_dump_json())
    folder.rows("train").write_text("".join(one.model_dump_json() + "\n" for one in train))
    folder.rows("validation").write_text("".join(one.model_dump_json() + "\n" for one in validation))
    return job


def torchrun(
    out: Path, processes: int, *, module: str = "mainspring.train.engine"
) -> subprocess.CompletedProcess[str]:
    """Run the engine to its end as it is run by users."""
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    command = [sys.executable, *launcher, "-m", module, str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])


def losses(out: Path) -> list[float]:
    """Give the losses of all steps."""
    return [line.loss for line in read_metrics(RunFolder(out).metrics) if isinstance(line, Step)]


def furthest(one: Sequence[float], other: Sequence[float]) -> float:
    """Give the largest difference between two runs of equally many steps."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
