"""The environment that trains: the package with its extras `local` and `train`, torch for the processor, and TRL.

    python -m tests.services.training     makes it, in .venv-train beside the checkout's own

It is made once, and again when its requirements change. torch is the processor's build, looked for where pip is
told to find links (`pip config list`), and else where uv finds such builds.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
ENVIRONMENT: Final = ROOT / ".venv-train"
_PACKAGES: Final = ROOT / "requirements" / "train.txt"
_TORCH: Final = ROOT / "requirements" / "train-torch.txt"
_FIND_LINKS: Final = re.compile(r"^(?:global|install|:env:)\.find-links='(.*)'$", re.MULTILINE)


@pytest.fixture(scope="session")
def training_python() -> Path:
    """Give the interpreter of the environment, which is made where it is missing."""
    return make_environment()


def make_environment() -> Path:
    """Make the environment unless it is as its requirements say, and give its interpreter."""
    python = ENVIRONMENT / "bin" / "python"
    wanted = hashlib.sha256(_PACKAGES.read_bytes() + _TORCH.read_bytes() + sys.version.encode()).hexdigest()
    with (ROOT / "requirements" / "train.in").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests side by side make it once
        ready = ENVIRONMENT / ".ready"
        if not (ready.exists() and ready.read_text() == wanted):
            _uv("venv", "--clear", "--python", sys.executable, str(ENVIRONMENT))
            install = ("pip", "install", "--python", str(python), "--no-deps", "--requirement")
            _uv(*install, str(_PACKAGES), "--require-hashes")
            _uv(*install, str(_TORCH), *_torch_options())
            _uv("pip", "install", "--python", str(python), "--no-deps", "--editable", str(ROOT))
            ready.write_text(wanted)
    return python


def _torch_options() -> list[str]:
    """Tell uv where builds of torch for the processor are: it does not read pip's configuration."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    places = {place: None for found in _FIND_LINKS.findall(listed) for place in found.split()}
    return [f"--find-links={place}" for place in places] or ["--torch-backend=cpu"]


def _uv(*arguments: str) -> None:
    own = Path(sys.executable).parent / "uv"
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run([str(own), *arguments, "--quiet"], check=True, env=environ)


if __name__ == "__main__":
    sys.stdout.write(f"{make_environment()}\n")
