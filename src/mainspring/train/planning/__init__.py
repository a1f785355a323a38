"""What a job takes before it is begun: memory, time and money, and what to change where that is too much.

`tokens` counts what is learnt from, `memory` says what one process holds, `compute` how much arithmetic there is,
`hardware` how fast this machine does it, `fitting` which GPUs would do, `plan` puts it together.
"""

from mainspring.train.planning.fitting import GpuFit
from mainspring.train.planning.hardware import Hardware, measure_hardware
from mainspring.train.planning.memory import MemoryTerm
from mainspring.train.planning.plan import TrainingPlan, plan, plan_rows

__all__ = ["GpuFit", "Hardware", "MemoryTerm", "TrainingPlan", "measure_hardware", "plan", "plan_rows"]
