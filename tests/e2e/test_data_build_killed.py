"""A build of a dataset that is killed again and again: the command run once more goes on, and nothing is lost."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.data_handbook import handbook
from benchmarks.data_server import served, serving
from tests.unit.data.building.made import contents

N_KILLS = 20
N_DOCUMENTS = 4
N_CHAPTERS = 50
"""Of each document; a chapter is a passage."""
AT_ONCE = 8
SETTINGS = """
[models.teacher]
provider = "handbooks"
model = "truthful-100"

[providers.handbooks]
base_url = "{url}"
mode = "structured"
"""


@pytest.fixture
def teacher(tmp_path: Path) -> Iterator[str]:
    """Serve a teacher, whose settings stand in the folder of the build."""
    with serving() as url:
        (tmp_path / "mainspring.toml").write_text(SETTINGS.format(url=url))
        yield url


def command(folder: Path) -> "subprocess.Popen[bytes]":
    """Begin the build, in a process group of its own."""
    words = ["data", "build", "docs", "--out", "out", "--teacher", "teacher", "--judge", "none"]
    return subprocess.Popen(
        [sys.executable, "-m", "mainspring", *words, "--concurrency", str(AT_ONCE)],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def finish(folder: Path) -> None:
    """Run the build to its end."""
    assert command(folder).wait(timeout=300) == 0


@pytest.mark.timeout(900)
def test_a_build_killed_twenty_times_equals_one_that_was_not(tmp_path: Path, teacher: str) -> None:
    (tmp_path / "docs").mkdir()
    for number in range(N_DOCUMENTS):
        (tmp_path / "docs" / f"book {number}.md").write_text(handbook(N_CHAPTERS, seed=number))
    finish(tmp_path)
    whole = served(teacher)["model_calls"]
    expected = contents(tmp_path / "out")
    assert len(expected["candidates.jsonl"].splitlines()) > 2 * N_DOCUMENTS * N_CHAPTERS
    shutil.rmtree(tmp_path / "out")

    chance, n_killed = random.Random(20), 0  # noqa: S311 - repeatable on purpose
    with serving() as other:
        (tmp_path / "mainspring.toml").write_text(SETTINGS.format(url=other))
        while n_killed < N_KILLS:
            building = command(tmp_path)
            try:
                building.wait(timeout=chance.uniform(0.8, 3.5))
            except subprocess.TimeoutExpired:
                os.killpg(building.pid, signal.SIGKILL)
                building.wait()
                n_killed += 1
            else:
                break
        finish(tmp_path)
        after = served(other)
    print(n_killed, whole, after)
    assert contents(tmp_path / "out") == expected
    assert n_killed >= N_KILLS // 2
    lost_at_most = n_killed * AT_ONCE
    assert after["model_calls"] - after["repeated"] == whole
    assert after["repeated"] <= lost_at_most, n_killed
