"""What the sizer can look up and compute: the functions of `mainspring.gpu`, asked for by name.

A small model succeeds where it copies words of the question into arguments ("Llama-3.1-70B", "32k", "H100"), and
fails where it must recall eight numbers of a config. Results come in the units an answer is given in.
"""

import math
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from mainspring import ToolError, tool
from mainspring.core.errors import ConfigError
from mainspring.gpu import (
    Plan,
    Shape,
    TrainingJob,
    Workload,
    find_gpu,
    find_model,
    kv_bytes_per_sequence,
    kv_bytes_per_token,
    lora_parameter_count,
    parameter_count,
    plan,
    weight_bytes,
)

Model = str
GpuName = str
Context = Annotated[str, Field(description="tokens, like 32k or 4096", pattern=r"^[0-9][0-9,]*[kKmM]?$")]
Dtype = Literal["bf16", "fp16", "fp32", "fp8", "int8", "int4", "awq", "nf4", "q4_k_m", "q5_k_m", "q8_0"]
KvDtype = Literal["bf16", "fp8"]
Users = Annotated[int, Field(ge=1, description="how many at once; 1 if not said")]
Facts = dict[str, str | int | float]

T = TypeVar("T")
_UNITS = {"k": 1024, "m": 1024**2}


@tool(effect="none", trusted=True)
def gpus_needed(
    model: Model,
    gpu: GpuName,
    context: Context,
    users: Users,
    dtype: Dtype = "bf16",
    kv_dtype: KvDtype = "bf16",
) -> Facts:
    """How many GPUs of a kind serve a model, with the memory they hold."""
    return _serving(model, gpu, Workload(_tokens(context), users, dtype, kv_dtype))


@tool(effect="none", trusted=True)
def check_fit(
    model: Model,
    gpu: GpuName,
    gpus: int,
    context: Context,
    users: Users,
    dtype: Dtype = "bf16",
    kv_dtype: KvDtype = "bf16",
) -> Facts:
    """Whether a model fits on a given number of GPUs, and for how many users at most."""
    return _serving(model, gpu, Workload(_tokens(context), users, dtype, kv_dtype), gpus)


@tool(effect="none", trusted=True)
def kv_cache(model: Model, context: Context, users: Users, kv_dtype: KvDtype = "bf16") -> Facts:
    """Size of the key/value cache: for one token, for one user's context, for all users."""
    shape = _model(model)
    per_user = kv_bytes_per_sequence(shape, _tokens(context), kv_dtype).likely_bytes
    return {
        "per_token": f"{kv_bytes_per_token(shape, kv_dtype):,} bytes",
        "per_user": _size(per_user),
        "all_users": _size(per_user * users),
    }


@tool(effect="none", trusted=True)
def weights(model: Model, dtype: Dtype = "bf16") -> Facts:
    """Number of parameters of a model, and the memory its weights take."""
    shape = _model(model)
    return {
        "parameters": f"{parameter_count(shape):,}",
        "parameters_billion": round(parameter_count(shape) / 1e9, 2),
        "weights": _size(_checked(lambda: weight_bytes(shape, dtype)).likely_bytes),
    }


@tool(effect="none", trusted=True)
def training_memory(
    model: Model,
    gpu: GpuName,
    method: Literal["lora", "qlora", "full"],
    rank: int = 16,
    sequence: Context = "4k",
    batch: int = 1,
) -> Facts:
    """How many GPUs fine-tune a model, and the memory each holds."""
    job = TrainingJob(method=method, rank=rank, sequence_tokens=_tokens(sequence), micro_batch=batch, zero_stage=3)
    made = _plan(model, gpu, job)
    return {
        "gpus_needed": made.n_gpus,
        "fits": made.verdict,
        "memory_per_gpu": _size(made.breakdown.total.likely_bytes),
    }


@tool(effect="none", trusted=True)
def lora_parameters(model: Model, rank: int) -> Facts:
    """Number of trainable parameters that LoRA adds to a model, on all its linear layers."""
    return {"trainable_parameters": f"{lora_parameter_count(_model(model), rank):,}"}


@tool(effect="none", trusted=True)
def gpu_memory(gpu: GpuName) -> Facts:
    """Memory and bandwidth that a GPU itself has."""
    found = _checked(lambda: find_gpu(gpu))
    return {"gpu": found.name, "memory": _size(found.memory_bytes), "bandwidth": f"{found.bandwidth_gb_s:,} GB/s"}


TOOLS = (gpus_needed, check_fit, kv_cache, weights, training_memory, lora_parameters, gpu_memory)


def _serving(model: str, gpu: str, workload: Workload, on: int | None = None) -> Facts:
    """Say what was asked for and little more: a small model repeats whatever else it is told."""
    made = _plan(model, gpu, workload, on)
    kv_bytes = kv_bytes_per_sequence(made.shape, workload.context_tokens, workload.kv_dtype).likely_bytes
    facts: Facts = {
        "gpus_needed" if on is None else "gpus": made.n_gpus,
        "gpu": made.room.gpu.name,
        "fits": "yes" if made.verdict == "fits" else "no",
        "max_users": made.most,
        "weights": _gb(weight_bytes(made.shape, workload.dtype).likely_bytes),
        "kv_cache": _gb(kv_bytes * workload.n_users),
    }
    if made.verdict != "fits" and made.advice:
        facts["to_make_it_fit"] = made.advice[0].change
    return facts


def _plan(model: str, gpu: str, ask: Workload | TrainingJob, on: int | None = None) -> Plan:
    return _checked(lambda: plan(_model(model), find_gpu(gpu), ask, on=on))


def _model(name: str) -> Shape:
    return _checked(lambda: find_model(name))


def _checked(make: Callable[[], T]) -> T:
    """Turn a mistake in a name or a number into words the model can act on."""
    try:
        return make()
    except ConfigError as error:
        raise ToolError(str(error)) from error


def _tokens(text: str) -> int:
    """Read a number of tokens: `32768`, `32,768`, `32k` (32,768) or `1m`."""
    plain = text.strip().lower().replace(",", "").replace("_", "").removesuffix("tokens").strip()
    unit = _UNITS.get(plain[-1:], 1)
    try:
        n_tokens = math.floor(float(plain.rstrip("km")) * unit)
    except ValueError as error:
        raise ToolError(f"{text!r} is not a number of tokens; write 32k or 32768") from error
    if n_tokens < 1:
        raise ToolError(f"{text!r} is not a number of tokens above zero")
    return n_tokens


def _gb(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:,.1f} GB"


def _size(size_bytes: int) -> str:
    """Say a size in bytes, GB and GiB, as far as they are worth saying."""
    if size_bytes < 10_000_000:
        return f"{size_bytes:,} bytes"
    return f"{size_bytes / 1e9:,.2f} GB ({size_bytes / 1024**3:,.2f} GiB)"
