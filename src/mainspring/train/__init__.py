"""JSONL in, a tuned model out: a job file, and a subprocess of torchrun that trains.

torch, transformers and peft are the extra `train`. They are imported by `engine/` alone, which runs in processes of
its own, and by nothing else of the package.

May import everything below it; not `data`: their contract is a file.
"""

from mainspring.train.job import Adapter, Job, Optimization, Rope

__all__ = ["Adapter", "Job", "Optimization", "Rope"]
