"""Processes of the engine that are killed at a given moment, as `kill -9` or the kernel does it.

As a module it is the engine, the last of whose processes dies: `torchrun ... -m tests.training.dying OUT`.
"""

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mainspring.core.disk import write_whole
from mainspring.train.engine import checkpoints, loop
from mainspring.train.engine.__main__ import main
from mainspring.train.engine.optimizer import clip


def in_step_8() -> None:
    """Let the last process die in a step, after the gradients of its rows and before they are averaged."""
    steps: list[None] = []

    def clip_or_die(*arguments: Any) -> float:
        steps.append(None)
        if len(steps) == 8 and os.environ["RANK"] == str(int(os.environ["WORLD_SIZE"]) - 1):
            os.kill(os.getpid(), signal.SIGKILL)
        return clip(*arguments)

    patch.object(loop, "clip", clip_or_die).start()


def while_saving() -> None:
    """Let the leading process die when all parts of the second checkpoint are written, and it is not whole yet."""

    def write_or_die(path: Path, pieces: Iterable[bytes]) -> None:
        if path.name == "complete" and "000006" in path.parent.name:
            os.kill(os.getpid(), signal.SIGKILL)
        write_whole(path, pieces)

    patch.object(checkpoints, "write_whole", write_or_die).start()


if __name__ == "__main__":
    in_step_8()
    sys.exit(main(Path(sys.argv[1])))
