"""The engine's processes: torchrun under a guard, in a session of their own.

What it keeps true: when the object is closed, or this process is gone however it ended, so are all of them.
"""

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from mainspring.core.errors import ConfigError
from mainspring.train.folder import RunFolder

ENGINE: Final = "mainspring.train.engine"
_GUARD: Final = Path(__file__).with_name("guard.py")
_ENDS_WITHIN_S: Final = 20.0
_NEEDED: Final = ("torch", "transformers", "peft", "safetensors")
_INDEX: Final = "https://download.pytorch.org/whl/cpu"


class Engine:
    """Processes that train.

    Args:
        folder: Of the run; what they say goes into its log.
        processes: How many.
        python: The interpreter that has the extra `train`.
    """

    def __init__(self, folder: RunFolder, *, processes: int, python: str) -> None:
        log = log_of(folder)
        log.unlink(missing_ok=True)
        with log.open("ab") as said:
            self._guard = subprocess.Popen(  # noqa: S603 - our own file, and torchrun
                [sys.executable, "-P", str(_GUARD), *command(folder, processes=processes, python=python)],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                env=_environment(),
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ended_with(self, within_s: float) -> int | None:
        """Wait for the end; give the exit code, or None where it goes on after so many seconds."""
        try:
            return self._guard.wait(within_s)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """End all processes that are left."""
        assert self._guard.stdin is not None  # noqa: S101 - it was asked for as a pipe
        with contextlib.suppress(OSError):
            self._guard.stdin.close()
        try:
            self._guard.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._guard.pid, signal.SIGKILL)
            self._guard.wait()


def command(folder: RunFolder, *, processes: int, python: str) -> list[str]:
    """Give the command that trains on this machine."""
    run = [python, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    return [*run, "-m", ENGINE, str(folder.path.absolute())]


def check_installed(python: str, needed: Sequence[str] = _NEEDED) -> None:
    """See that the extra is installed; another interpreter than this one is believed to have it.

    Raises:
        ConfigError: It is not.
    """
    if python != sys.executable:
        return
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"training needs {', '.join(missing)}: pip install 'mainspring[train]'; without a GPU, "
            f"--extra-index-url {_INDEX} gives the small build of torch"
        )


def log_of(folder: RunFolder) -> Path:
    """Give the file that the processes' own words go to."""
    return folder.path / "engine.log"


def _environment() -> dict[str, str]:
    """Give the processes' environment: a base is a folder by now, and each process computes on one core."""
    return {
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        **os.environ,
    }
