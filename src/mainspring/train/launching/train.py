"""Train: from a job to a folder with a model in it.

What it keeps true: the same job in the same folder goes on where it stopped; when this returns or raises, no
process is left, and what was saved last is whole.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Final

from mainspring.core.errors import TrainingError
from mainspring.train.folder import RunFolder
from mainspring.train.job import Job
from mainspring.train.launching.endings import ending
from mainspring.train.launching.engine import Engine, check_installed
from mainspring.train.launching.folders import plan_folder, prepare
from mainspring.train.launching.following import Follower
from mainspring.train.metrics import Line
from mainspring.train.reporting import write_report
from mainspring.train.trackers import Trackers

_LOOKS_EVERY_S: Final = 0.2

OnLine = Callable[[Line], None]
OnRemark = Callable[[str], None]


def train(
    job: Job, *, on_line: OnLine, on_remark: OnRemark | None = None, python: str = sys.executable
) -> RunFolder:
    """Train a model, or go on with it; a run that is done is left as it is.

    Args:
        job: What is learnt from, by which base, how.
        on_line: Told what happens, as it happens.
        on_remark: Told what a person should know beside that.
        python: The interpreter that has the extra `train`.

    Raises:
        ConfigError: The job cannot be done as it is, the folder holds another one, or the extra is not installed.
        TrainingError: It stopped before its end; what was saved last is whole.
    """
    check_installed(python)
    trackers = Trackers(job, on_remark or (lambda _: None))
    try:
        folder = prepare(job, on_remark)
        code = _run(folder, job, [on_line, trackers.take], python)
    finally:
        trackers.close()
    write_report(folder, plan_folder(folder))
    if code:
        raise ending(folder, code, lambda: plan_folder(folder))
    if not folder.model.is_dir():
        raise TrainingError(f"the engine ended without a model in {str(folder.model)!r}; its log says more")
    return folder


def _run(folder: RunFolder, job: Job, told: Iterable[OnLine], python: str) -> int:
    """Run the engine to its end, and hand on what it tells; give its exit code."""
    listeners = [*told]
    folder.failure.unlink(missing_ok=True)
    follower = Follower(folder.metrics)
    with Engine(folder, processes=job.processes, python=python) as engine:
        while True:
            code = engine.ended_with(_LOOKS_EVERY_S)
            for line in follower.new_lines():
                for listener in listeners:
                    listener(line)
            if code is not None:
                return code
