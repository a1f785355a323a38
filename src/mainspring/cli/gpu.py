"""`mainspring gpu`: how much memory a model takes, how many GPUs that is, and what to change if it does not fit.

The figures come from `mainspring.gpu`; here options are read and handed on. Without `--gpu` the common GPUs are
compared. Mistakes end as `MainspringError`, which the application prints in one line.
"""

import json
import math
from typing import Annotated, Literal, TypeVar, cast, get_args

import typer
from rich.console import Console

from mainspring.cli.views.gpu import draw_comparison, draw_plan
from mainspring.cli.views.gpu_document import comparison_document, plan_document
from mainspring.core.errors import ConfigError
from mainspring.gpu import (
    Split,
    TrainingJob,
    Workload,
    compare,
    find_gpu,
    find_model,
    plan,
    read_rope,
    stretched,
)

_Method = Literal["full", "lora", "qlora"]
_Optimizer = Literal["adamw", "adamw-8bit", "adafactor", "sgd"]
_Precision = Literal["mixed", "bf16"]
_Targets = Literal["all", "attention", "all and experts"]
_Zero = Literal[0, 1, 2, 3]
_Choice = TypeVar("_Choice", str, int)
_UNITS = {"k": 1024, "m": 1024**2}


def gpu(  # noqa: PLR0913 - each option is an argument of the command.
    model: Annotated[str, typer.Argument(help="A model's name, or the path of its config.json.")],
    *,
    context: Annotated[
        str | None, typer.Option(help="Tokens per user, or per sequence in training: 8192, 32k, 128k.")
    ] = None,
    users: Annotated[int, typer.Option(help="Users served at once, each at the full context.")] = 1,
    dtype: Annotated[str, typer.Option(help="Weights: bf16, fp8, int8, awq, nf4, mxfp4, q4_k_m, ...")] = "bf16",
    kv_dtype: Annotated[str, typer.Option(help="KV cache: bf16, fp8, int8, q8_0, q4_0.")] = "bf16",
    rope: Annotated[
        str | None, typer.Option(help="RoPE scaling in place of the configuration's: yarn:4, linear:2, dynamic:2.")
    ] = None,
    gpu_name: Annotated[
        str | None, typer.Option("--gpu", help="A GPU, such as h100. All common ones if left out.")
    ] = None,
    gpus: Annotated[int | None, typer.Option(help="How many; the smallest number that fits if left out.")] = None,
    tp: Annotated[int | None, typer.Option(help="Tensor-parallel degree.")] = None,
    pp: Annotated[int | None, typer.Option(help="Pipeline-parallel degree.")] = None,
    ep: Annotated[int | None, typer.Option(help="Expert-parallel degree.")] = None,
    usable: Annotated[float, typer.Option(help="Share of each GPU that may be filled.")] = 0.9,
    train: Annotated[str | None, typer.Option(help="Train instead of serve: full, lora or qlora.")] = None,
    rank: Annotated[int, typer.Option(help="LoRA rank.")] = 16,
    targets: Annotated[str, typer.Option(help="LoRA targets: all, attention, 'all and experts'.")] = "all",
    optimizer: Annotated[str, typer.Option(help="adamw, adamw-8bit, adafactor or sgd.")] = "adamw",
    precision: Annotated[str, typer.Option(help="mixed (fp32 master weights) or bf16.")] = "mixed",
    zero: Annotated[int, typer.Option(help="ZeRO stage over data-parallel GPUs, 0-3; 3 is FSDP.")] = 3,
    micro_batch: Annotated[int, typer.Option(help="Sequences per GPU and step.")] = 1,
    checkpointing: Annotated[bool, typer.Option(help="Redo activations in the backward pass.")] = True,
    flash: Annotated[bool, typer.Option(help="Flash attention in training.")] = True,
    chunked_logits: Annotated[bool, typer.Option(help="Fused, chunked cross-entropy.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Tell how much GPU memory MODEL takes, and how many GPUs that is."""
    shape = find_model(model) if rope is None else stretched(find_model(model), read_rope(rope))
    ask: Workload | TrainingJob
    if train is None:
        ask = Workload(read_length(context or "8k"), users, dtype, kv_dtype)
    else:
        ask = TrainingJob(
            method=cast("_Method", _one_of("--train", train, get_args(_Method))),
            optimizer=cast("_Optimizer", _one_of("--optimizer", optimizer, get_args(_Optimizer))),
            precision=cast("_Precision", _one_of("--precision", precision, get_args(_Precision))),
            zero_stage=cast("_Zero", _one_of("--zero", zero, get_args(_Zero))),
            micro_batch=micro_batch,
            sequence_tokens=read_length(context or "4k"),
            rank=rank,
            targets=cast("_Targets", _one_of("--targets", targets, get_args(_Targets))),
            checkpointing="full" if checkpointing else "none",
            flash_attention=flash,
            chunked_logits=chunked_logits,
        )
    on = _split(gpus, tp, pp, ep)
    if gpu_name is None:
        if on is not None:
            raise ConfigError("--gpus, --tp, --pp and --ep need a GPU to divide over; name one with --gpu")
        rungs = compare(shape, ask, usable_share=usable)
        if as_json:
            typer.echo(json.dumps(comparison_document(shape, ask, rungs), indent=2))
        else:
            draw_comparison(Console(highlight=False), shape, ask, rungs)
        return
    result = plan(shape, find_gpu(gpu_name), ask, on=on, usable_share=usable)
    if as_json:
        typer.echo(json.dumps(plan_document(result), indent=2))
    else:
        draw_plan(Console(highlight=False), result)


def read_length(text: str) -> int:
    """Read a number of tokens: "32k" is 32,768, "1m" is 1,048,576, "8192" and "8,192" are themselves.

    Raises:
        ConfigError: It is no positive number of tokens.
    """
    even = text.strip().lower().replace(",", "").replace("_", "")
    unit = _UNITS.get(even[-1:], 1)
    digits = even[:-1] if unit > 1 else even
    try:
        n_tokens = float(digits) * unit
    except ValueError:
        n_tokens = 0.0
    if not math.isfinite(n_tokens) or n_tokens < 1 or n_tokens != int(n_tokens):
        raise ConfigError(f"{text!r} is no number of tokens; write 8192, 32k or 1m")
    return int(n_tokens)


def _one_of(option: str, value: _Choice, choices: tuple[_Choice, ...]) -> _Choice:
    if value not in choices:
        raise ConfigError(f"{option} is {value!r}; take one of {', '.join(map(str, choices))}")
    return value


def _split(gpus: int | None, tp: int | None, pp: int | None, ep: int | None) -> int | Split | None:
    """Make a split of the degrees that were given; GPUs beyond them hold replicas."""
    if tp is None and pp is None and ep is None:
        return gpus
    one = Split(tp or 1, pp or 1, ep or 1)
    if min(one.tensor, one.pipeline, one.expert) < 1 or gpus is None:
        return one
    if gpus < one.n_gpus or gpus % one.n_gpus:
        raise ConfigError(f"--gpus {gpus} is no multiple of the {one.n_gpus} GPUs that {one.words()} takes")
    return Split(one.tensor, one.pipeline, one.expert, replicas=gpus // one.n_gpus)
