"""Train what stands in a run's folder: `torchrun ... -m mainspring.train.engine OUT`.

A folder whose run is done is left as it is; one that was stopped goes on. Ends with 0, or with 1 and a file that
says why.
"""

import sys
import traceback
from pathlib import Path

from pydantic import ValidationError

from mainspring.train.engine.failures import EngineError, clear_failure, failure_of, write_failure
from mainspring.train.engine.processes import Processes, join_processes, leave_processes
from mainspring.train.folder import RunFolder
from mainspring.train.job import Job
from mainspring.train.metrics import read_metrics


def main(path: Path) -> int:
    """Train in this process, as one of those that torchrun started, and give the exit code."""
    folder = RunFolder(path)
    processes = join_processes()
    try:
        if processes.leads:
            clear_failure(folder)
        processes.wait()
        _train(folder, _job(folder), processes)
    except BaseException as error:
        traceback.print_exc()
        write_failure(folder, failure_of(error, rank=processes.rank, step=_last_step(folder)))
        if not isinstance(error, Exception):
            raise
        return 1
    leave_processes()
    return 0


def _job(folder: RunFolder) -> Job:
    try:
        return Job.model_validate_json(folder.job.read_bytes())
    except (OSError, ValidationError) as error:
        raise EngineError("other", f"{folder.job} cannot be read as a job: {error}") from error


def _last_step(folder: RunFolder) -> int:
    return max((line.step for line in read_metrics(folder.metrics)), default=0)


def _train(folder: RunFolder, job: Job, processes: Processes) -> None:
    if job.trainer == "trl":
        from mainspring.train.engine.with_trl import train
    else:
        from mainspring.train.engine.training import train
    train(folder, job, processes)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
