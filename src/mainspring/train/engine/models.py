"""The base, made ready to be trained: its tokenizer, its weights, an adapter on them, divided over processes.

What the base's folder cannot give is an error that says so before anything is computed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.modeling_layers import GradientCheckpointingLayer

from mainspring.train.engine.adapters import with_adapter
from mainspring.train.engine.failures import EngineError
from mainspring.train.engine.precision import Precision
from mainspring.train.engine.processes import Processes
from mainspring.train.job import Job

Parallel = Literal["none", "ddp", "fsdp"]


@dataclass(frozen=True, slots=True)
class Base:
    """A base before its weights are read."""

    tokenizer: Any
    config: Any

    @property
    def window_tokens(self) -> int | None:
        """The positions it knows, stretched as the job says."""
        return getattr(self.config, "max_position_embeddings", None)


def open_base(job: Job) -> Base:
    """Read a base's tokenizer and configuration.

    Raises:
        EngineError: They cannot be read, do not fit each other, or cannot do what the job asks.
    """
    with _explained(job):
        config = AutoConfig.from_pretrained(job.base)
        tokenizer = AutoTokenizer.from_pretrained(job.base)
    highest = max(tokenizer.get_vocab().values(), default=0)
    if highest >= config.vocab_size:
        raise EngineError(
            "base",
            f"the tokenizer in {job.base!r} has ids up to {highest}, and the model knows {config.vocab_size} "
            "tokens: they are not of one model. Put the tokenizer there that the weights were published with",
        )
    _check_packing(job, config)
    if job.rope:
        _stretch(job, config)
    return Base(tokenizer, config)


def parallel_of(job: Job, processes: Processes) -> Parallel:
    """Give how the work is divided.

    Raises:
        EngineError: The method does not go with that.
    """
    if job.parallel == "fsdp" and job.method == "qlora":
        raise EngineError(
            "other",
            '`method = "qlora"` keeps weights in a form that `parallel = "fsdp"` cannot divide; leave it out',
        )
    if job.parallel == "auto":
        sharded = job.method == "full" and processes.device.type == "cuda"
    else:
        sharded = job.parallel == "fsdp"
    if sharded:
        return "fsdp"
    return "ddp" if processes.size > 1 else "none"


def load_model(job: Job, base: Base, processes: Processes, *, parallel: Parallel, precision: Precision) -> Any:
    """Read a base's weights, and make of them the model that is trained on this process's device.

    Weights that do not move are held in what is computed in; those that do, in fp32.
    """
    settings: dict[str, object] = {"config": base.config, "attn_implementation": "sdpa"}
    if job.method == "qlora":
        settings |= _four_bits(processes)
    frozen_in_bf16 = job.method != "full" and precision == "bf16" and parallel != "fsdp"
    with _explained(job):
        model = AutoModelForCausalLM.from_pretrained(
            job.base, dtype=torch.bfloat16 if frozen_in_bf16 else torch.float32, **settings
        )
    torch.manual_seed(job.seed % 2**63)  # adapters begin with the same weights everywhere
    if job.method != "full":
        model = with_adapter(model, job.adapter)
    if job.activation_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    if parallel == "fsdp":
        _shard(model, processes, precision)
    elif job.method != "qlora":
        model.to(processes.device)
    return model.train()


def _shard(model: Any, processes: Processes, precision: Precision) -> None:
    """Divide the weights of each layer, and then the rest, over all processes (FSDP2)."""
    mesh = init_device_mesh(processes.device.type, (processes.size,))
    policy = MixedPrecisionPolicy(
        param_dtype=torch.bfloat16 if precision == "bf16" else None,
        reduce_dtype=torch.float32 if precision == "bf16" else None,
    )
    for layer in [one for one in model.modules() if isinstance(one, GradientCheckpointingLayer)]:
        layer.to(processes.device)  # layer by layer, so that no device ever holds them all
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    model.to(processes.device)
    fully_shard(model, mesh=mesh, mp_policy=policy)


def _four_bits(processes: Processes) -> dict[str, object]:
    """Give how transformers reads weights as 4-bit NormalFloat (QLoRA: 2305.14314)."""
    if processes.device.type != "cuda":
        raise EngineError("other", '`method = "qlora"` needs a GPU, and there is none; take `method = "lora"`')
    kept = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": kept, "device_map": {"": processes.device}}


def _stretch(job: Job, config: Any) -> None:
    """Stretch the positions of a base past its window."""
    rope = getattr(config, "rope_parameters", None) or {}
    if job.rope is None or rope.get("rope_type") != "default":
        kind = rope.get("rope_type", "none that can be stretched")
        raise EngineError(
            "base", f"the positions of {job.base!r} are of the kind {kind!r} already; leave `rope` out of the job"
        )
    window_tokens = config.max_position_embeddings
    config.rope_parameters = rope | {"rope_type": job.rope.kind, "factor": job.rope.factor}
    if job.rope.kind == "yarn":
        config.rope_parameters["original_max_position_embeddings"] = window_tokens
    config.max_position_embeddings = int(window_tokens * job.rope.factor)


def _check_packing(job: Job, config: Any) -> None:
    """See that each layer of a base keeps conversations of one row apart."""
    kinds = set(getattr(config, "layer_types", None) or {"full_attention", "sliding_attention"})
    strange = sorted(kinds - {"full_attention", "sliding_attention"})
    window_tokens = getattr(config, "sliding_window", None) if "sliding_attention" in kinds else None
    if job.packing == "none" or not (strange or (window_tokens and window_tokens < job.sequence_tokens)):
        return
    what = f"layers of the kind {strange[0]!r}" if strange else f"a sliding window of {window_tokens} tokens"
    raise EngineError(
        "base",
        f"{job.base!r} has {what}, and what that sees of a row of {job.sequence_tokens} packed tokens cannot be "
        'told by a mask; set `packing = "none"` for this base',
    )


@contextmanager
def _explained(job: Job) -> Iterator[None]:
    """Say what a failure to read the base means."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise EngineError("base", f"the base {job.base!r} cannot be read: {error}") from error
