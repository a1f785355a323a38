"""How a run of the engine ended, in words for the user.

What the engine itself says comes first. What it cannot say, as a process that is killed says nothing, is read from
the report that torchrun writes at the end; where there is nothing at all, the last lines of the log have to do.
"""

import re
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pydantic import ValidationError

from mainspring.core.errors import MainspringError, TrainingError
from mainspring.train.folder import Failure, RunFolder
from mainspring.train.launching.engine import log_of
from mainspring.train.planning import TrainingPlan

_RANK: Final = re.compile(r"^\s*rank\s*:\s*(\d+)", re.MULTILINE)
_CODE: Final = re.compile(r"^\s*exitcode\s*:\s*(-?\d+)", re.MULTILINE)
_ROOT_CAUSE: Final = "Root Cause"
_GOES_ON: Final = "the same command goes on from the last checkpoint"
_LOG_LINES: Final = 12

Planned = Callable[[], TrainingPlan]


def ending(folder: RunFolder, code: int, planned: Planned) -> TrainingError:
    """Say why a run stopped before its end.

    Args:
        folder: Of the run.
        code: The exit code of its processes together.
        planned: Gives what the planner says of the job, for what is a matter of memory.
    """
    failure, killed = _failure(folder), _killed(folder)
    if killed is not None and (failure is None or failure.kind in {"rank", "other"}):
        return TrainingError(_killed_words(*killed, planned))
    if failure is None:
        return TrainingError(f"the engine ended with {code} and said nothing; its log ends with\n{_tail(folder)}")
    where = f"process {failure.rank}, step {failure.step}"
    words = f"training stopped ({where}): {failure.says}"
    if failure.kind == "memory":
        words = f"{words}\n{_figures(planned)}"
    elif failure.kind == "other":
        words = f"{words}\nthe whole of it stands in {str(log_of(folder))!r}"
    return TrainingError(words)


def _failure(folder: RunFolder) -> Failure | None:
    try:
        return Failure.model_validate_json(folder.failure.read_bytes())
    except (OSError, ValidationError):
        return None


def _killed(folder: RunFolder) -> tuple[int, int] | None:
    """Find the process that a signal ended first: its rank, and the signal."""
    _, has_report, report = _log(folder).rpartition(_ROOT_CAUSE)
    rank, code = _RANK.search(report), _CODE.search(report)
    if not has_report or rank is None or code is None or int(code[1]) >= 0:
        return None
    return int(rank[1]), -int(code[1])


def _killed_words(rank: int, number: int, planned: Planned) -> str:
    name = signal.Signals(number).name if number in {*signal.Signals} else str(number)
    words = f"process {rank} was ended by {name}; {_GOES_ON}"
    if number != signal.SIGKILL:
        return words
    return f"{words}\nif nobody killed it, the system did, as it had no memory left\n{_figures(planned)}"


def _figures(planned: Planned) -> str:
    """Say what was planned, and what would take less."""
    with suppress(MainspringError):
        plan = planned()
        lines = [
            f"planned: {plan.process_mb:,.0f} MB for each of {plan.processes}, of {plan.machine_mb:,.0f} MB here",
            *plan.advice,
        ]
        return "\n".join(lines)
    return "`mainspring train plan` says what the job takes"


def _log(folder: RunFolder) -> str:
    try:
        return log_of(folder).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _tail(folder: RunFolder) -> str:
    return "\n".join(_log(folder).splitlines()[-_LOG_LINES:])
