"""Low-rank adapters on the linears of a base (LoRA: 2106.09685), and what is trained of a model."""

import re
import warnings
from typing import Any, Final

import torch
from peft import LoraConfig, get_peft_model

from mainspring.train.engine.failures import EngineError
from mainspring.train.job import Adapter

_ATTENTION: Final = re.compile(r"(^|[._])(self_)?attn|attention", re.IGNORECASE)


def with_adapter(model: Any, adapter: Adapter) -> Any:
    """Freeze a model and put an adapter, which does nothing yet, on its linears.

    Raises:
        EngineError: It has no linears of the kind that is asked for.
    """
    targets: str | list[str] = "all-linear"
    if adapter.targets == "attention":
        targets = _attention_linears(model)
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing")  # peft asks for it by its old name
        return get_peft_model(model, config)


def trained(model: Any) -> dict[str, torch.nn.Parameter]:
    """Give the weights that are trained, by name; each stands in it once, whatever shares it."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def _attention_linears(model: Any) -> list[str]:
    names = {
        name.rsplit(".", 1)[-1]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and _ATTENTION.search(name)
    }
    if not names:
        raise EngineError("base", 'no linears of attention are found in the base; set `adapter.targets = "all"`')
    return sorted(names)
