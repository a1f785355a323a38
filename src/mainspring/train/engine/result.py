"""Writes `model/`: what came of a run, in Hugging Face's form, in whole or not at all."""

from typing import Any

import torch
from torch.distributed.tensor import DTensor

from mainspring.core.disk import staged_folder
from mainspring.train.engine.adapters import trained
from mainspring.train.engine.processes import Processes
from mainspring.train.folder import RunFolder
from mainspring.train.job import Job


def write_model(folder: RunFolder, job: Job, model: Any, tokenizer: Any, processes: Processes) -> None:
    """Write the adapter, or all weights with the tokenizer; all processes take part, one writes.

    All weights are written in the base's own precision.
    """
    weights = _gathered(model, processes)
    if processes.leads:
        with staged_folder(folder.model) as draft:
            if job.method == "full":
                kind = model.config.dtype or torch.float32
                model.save_pretrained(draft, state_dict={name: one.to(kind) for name, one in weights.items()})
                tokenizer.save_pretrained(draft)
            else:
                model.save_pretrained(draft, state_dict=weights)
                (draft / "README.md").unlink(missing_ok=True)  # a form to be filled in; exports write the card
    processes.wait()


def _gathered(model: Any, processes: Processes) -> dict[str, torch.Tensor]:
    """Give the trained weights in whole, one by one, to the leading process."""
    weights: dict[str, torch.Tensor] = {}
    for name, weight in trained(model).items():
        whole = weight.detach().full_tensor() if isinstance(weight, DTensor) else weight.detach()
        if processes.leads:
            weights[name] = whole.cpu()
    return weights
