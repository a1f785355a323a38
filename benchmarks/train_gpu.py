"""Measures steps of training on one GPU: tokens a second, the share of the matrix rate, planned and held memory.

    python -m benchmarks.train_gpu --shape 1b --method full lora
    python -m benchmarks.train_gpu --tiny --cpu        a check that needs no GPU

It takes torch and transformers, and peft for adapters; a model is a configuration with random weights. Where this
package can be imported the planner's figure is given beside the measured one, elsewhere null. A step is that of the
engine: weights that move in fp32, bf16 under autocast, a row at a time, logits at learnt places alone. README.md
says what the figures mean.
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

MIB: Final = 1024**2
SHAPES: Final[dict[str, dict[str, int]]] = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    | {"num_key_value_heads": 2, "vocab_size": 512},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32}
    | {"num_key_value_heads": 8, "vocab_size": 128256},
    "3b": {"hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28, "num_attention_heads": 24}
    | {"num_key_value_heads": 8, "vocab_size": 128256},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32}
    | {"num_key_value_heads": 8, "vocab_size": 128256},
}
"""Dense shapes as Llama 3 has them."""
RANK: Final = 16


@dataclass(frozen=True, slots=True)
class Rows:
    """What a step computes."""

    tokens: int
    """Of one packed row."""
    per_row: int
    """Conversations in it, of equal length, none of which sees another."""
    per_step: int
    """Packed rows of a step, one at a time."""
    learnt: int
    """Tokens of a row that count in the loss."""


def main() -> None:
    """Measure what the command line asks for, and print one JSON document."""
    arguments = read_arguments()
    device = torch.device("cpu" if arguments.cpu else "cuda")
    shape = "tiny" if arguments.tiny else arguments.shape
    tokens = 256 if arguments.tiny else arguments.tokens
    rows = Rows(tokens, arguments.per_row, arguments.rows, tokens // 4)
    rate = matrix_flops(device, 256 if arguments.cpu else 8192)
    document: dict[str, Any] = {
        "device": "cpu" if arguments.cpu else torch.cuda.get_device_name(device),
        "matrix_tflops": round(rate / 1e12, 3),
        "shape": shape,
        "row_tokens": rows.tokens,
        "conversations_per_row": rows.per_row,
        "rows_per_step": rows.per_step,
        "torch": torch.__version__,
    }
    for method in arguments.method:
        document[method] = measured(shape, method, rows, rate, device, arguments.steps)
    print(json.dumps(document, indent=2))


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=[name for name in SHAPES if name != "tiny"], default="1b")
    parser.add_argument("--method", nargs="+", choices=["full", "lora"], default=["full", "lora"])
    parser.add_argument("--tokens", type=int, default=4096, help="tokens of a packed row (default 4096)")
    parser.add_argument("--per-row", type=int, default=1, help="conversations in a row (default 1)")
    parser.add_argument("--rows", type=int, default=2, help="packed rows of a step (default 2)")
    parser.add_argument("--steps", type=int, default=8, help="steps that count, after two that do not (default 8)")
    parser.add_argument("--tiny", action="store_true", help="a model of a few thousand weights, to try this")
    parser.add_argument("--cpu", action="store_true", help="without a GPU")
    return parser.parse_args()


def measured(
    shape: str, method: str, rows: Rows, rate: float, device: torch.device, n_steps: int
) -> dict[str, float | None]:
    """Train for some steps, and give what they took; the memory is given back before the next."""
    config = LlamaConfig(**SHAPES[shape], max_position_embeddings=rows.tokens)
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    model = model_of(config, method, device)
    moved = [weight for weight in model.parameters() if weight.requires_grad]
    step = stepper(model, torch.optim.AdamW(moved, lr=1e-5), rows, device)
    times_s = [timed(step, device) for _ in range(2 + n_steps)][2:]
    tokens_per_s = rows.tokens * rows.per_step / statistics.median(times_s)
    flops = row_flops(config, method, rows, sum(weight.numel() for weight in moved)) / rows.tokens
    return {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "trained_parameters": sum(weight.numel() for weight in moved),
        "tokens_per_s": round(tokens_per_s, 1),
        "flops_per_token": flops,
        "mfu": round(tokens_per_s * flops / rate, 4),
        "memory.measured_mb": round(peak_mb(device)),
        "memory.planned_mb": planned_mb(config, method, rows),
    }


def model_of(config: Any, method: str, device: torch.device) -> Any:
    """Make a model of random weights: those that move in fp32, those that do not in bf16."""
    kind = torch.float32 if method == "full" or device.type == "cpu" else torch.bfloat16
    with device:
        model = AutoModelForCausalLM.from_config(config, dtype=kind, attn_implementation="sdpa")
    if method == "lora":
        from peft import LoraConfig, get_peft_model

        adapter = LoraConfig(r=RANK, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
        model = get_peft_model(model, adapter)
    return model.to(device).train()


def stepper(model: Any, optimizer: Any, rows: Rows, device: torch.device) -> Callable[[], None]:
    """Give a function that moves the weights once, by rows of random tokens."""
    ids = torch.randint(model.config.vocab_size, (rows.per_step, 1, rows.tokens), device=device)
    length = rows.tokens // rows.per_row
    at = torch.arange(rows.tokens - 1 - rows.learnt, rows.tokens - 1, device=device)
    positions = (torch.arange(rows.tokens, device=device) % length)[None]
    mask = None
    if rows.per_row > 1:
        own = torch.arange(rows.tokens, device=device) // length
        mask = ((own[:, None] == own[None, :]).tril())[None, None]

    def step() -> None:
        optimizer.zero_grad()
        for row in ids:
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
                settings = {"attention_mask": mask, "position_ids": positions, "use_cache": False}
                logits = model(input_ids=row, logits_to_keep=at, **settings).logits[0]
            loss = torch.nn.functional.cross_entropy(logits.float(), row[0, at + 1])
            (loss / rows.per_step).backward()
        torch.nn.utils.clip_grad_norm_([one for one in model.parameters() if one.requires_grad], 1.0)
        optimizer.step()

    return step


def row_flops(config: Any, method: str, rows: Rows, n_trained: int) -> float:
    """Count the FLOPs that a row needs: pairs of tokens that see each other, and the head at learnt places."""
    head_dim = config.hidden_size // config.num_attention_heads
    kv = 2 * config.num_key_value_heads * head_dim
    layer = config.hidden_size * (2 * config.hidden_size + kv + 3 * config.intermediate_size)
    passes = 3 if method == "full" else 2
    adapters = 0 if method == "full" else 6 * n_trained
    linear = 2.0 * layer * config.num_hidden_layers * passes + adapters
    pairs = rows.tokens * (rows.tokens // rows.per_row) / 2
    attention = 3 * 4.0 * config.hidden_size * pairs * config.num_hidden_layers
    head = 2.0 * config.hidden_size * config.vocab_size * rows.learnt * passes
    return float(linear * rows.tokens + attention + head)


def matrix_flops(device: torch.device, size: int) -> float:
    """Measure the rate of large matrix products, in bf16 on a GPU; the best of ten."""
    kind = torch.bfloat16 if device.type == "cuda" else torch.float32
    a, b = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    times_s = [timed(lambda: torch.mm(a, b), device) for _ in range(10)]
    return float(2 * size**3 / min(times_s))


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Give the wall time of something, until the device is done with it."""
    began_s = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began_s


def peak_mb(device: torch.device) -> float:
    """Give the most memory that was held, of the GPU as its allocator counts it."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_reserved(device)) / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def planned_mb(config: Any, method: str, rows: Rows) -> float | None:
    """Ask the planner, where it is there, what one GPU would likely hold."""
    sys.path.append(str(Path(__file__).parent.parent / "src"))
    try:
        from mainspring.gpu import read_shape
        from mainspring.train import Job
        from mainspring.train.planning.fitting import gpu_mb
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        config.architectures = ["LlamaForCausalLM"]
        config.save_pretrained(folder)
        shape = read_shape(Path(folder))
    settings = {"method": method, "adapter": {"rank": RANK}, "sequence_tokens": rows.tokens, "precision": "bf16"}
    planned = gpu_mb(shape, Job.model_validate({"data": ".", "base": "random", "out": "."} | settings))
    return None if planned is None else round(planned)


if __name__ == "__main__":
    main()
