"""The environment that trains: the package with its extras `local` and `train`, torch for the processor, and TRL.

`make .venv-train/.ready` makes it beside the checkout's own, and again when its requirements change.
"""

import fcntl
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
ENVIRONMENT: Final = ROOT / ".venv-train"


@pytest.fixture(scope="session")
def training_python() -> Path:
    """Give the interpreter of the environment, which is made where it is missing."""
    with (ROOT / "requirements" / "train.in").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests side by side make it once
        subprocess.run(["make", "--quiet", f"{ENVIRONMENT.name}/.ready"], cwd=ROOT, check=True)  # noqa: S607 - the one of PATH
    return ENVIRONMENT / "bin" / "python"
