"""Measures what `pip install mainspring` puts on a disk, no extras: how many packages, how many megabytes.

The checkout is built into a wheel and the wheel is installed into an environment that is thrown away.
"""

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from benchmarks.environments import ROOT


def base_install() -> dict[str, int | float]:
    """Install Mainspring as a user would, and count.

    Returns:
        `packages`, Mainspring among them, and `size_mb`: all files of the environment's library except byte
        code, at their apparent size in millions of bytes; `own_size_mb` is Mainspring's share.
    """
    with tempfile.TemporaryDirectory() as folder:
        wheels, environment = Path(folder, "wheels"), Path(folder, "environment")
        uv(
            "build",
            "--wheel",
            "--no-build-isolation",
            "--python",
            sys.executable,
            "--out-dir",
            str(wheels),
            str(ROOT),
        )
        (wheel,) = wheels.glob("*.whl")
        uv("venv", "--python", sys.executable, str(environment))
        uv("pip", "install", "--python", str(environment / "bin" / "python"), str(wheel))
        (site,) = environment.glob("lib/python*/site-packages")
        return {
            "packages": sum(1 for _ in distributions(path=[str(site)])),
            "size_mb": size_mb(site),
            "own_size_mb": size_mb(site / "mainspring"),
        }


def uv(*arguments: str) -> None:
    """Run uv, the one beside this interpreter or else the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    command = str(beside) if beside.exists() else shutil.which("uv")
    if command is None:
        raise SystemExit("the base install needs uv; install it, or pass --no-install")
    process = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    if process.returncode:
        raise SystemExit(f"uv {arguments[0]} failed; --no-install leaves the base install out\n{process.stderr}")


def size_mb(folder: Path) -> float:
    """Add up the apparent sizes of all files in a folder, byte code left out."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return round(sum(path.stat().st_size for path in files) / 1e6, 2)
