"""A job, started: its folder prepared, torchrun in a process of its own, and what it tells handed on.

`folders` makes the folder of a run, `engine` starts and ends the processes, `guard` sees that none outlives this
one, `following` reads what is written meanwhile, `endings` says in words how it ended.
"""

from mainspring.train.launching.folders import plan_folder, prepare, read_base, read_job
from mainspring.train.launching.train import train

__all__ = ["plan_folder", "prepare", "read_base", "read_job", "train"]
