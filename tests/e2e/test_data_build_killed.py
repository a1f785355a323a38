"""A build of a dataset that is killed again and again: the command run once more goes on, and nothing is lost."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
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


def killed(building: "subprocess.Popen[bytes]", teacher: str, n_calls: float) -> None:
    """Kill a build with all its processes once the teacher has been asked so often."""
    while served(teacher)["model_calls"] < n_calls:
        assert building.poll() is None
        time.sleep(0.01)
    os.killpg(building.pid, signal.SIGKILL)
    building.wait()


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

    chance = random.Random(20)  # noqa: S311 - repeatable on purpose
    with serving() as other:
        (tmp_path / "mainspring.toml").write_text(SETTINGS.format(url=other))
        for _ in range(N_KILLS):
            killed(command(tmp_path), other, served(other)["model_calls"] + chance.uniform(5, 50))
        finish(tmp_path)
        after = served(other)
    assert contents(tmp_path / "out") == expected
    lost_at_most = N_KILLS * AT_ONCE
    assert after["model_calls"] - after["repeated"] == whole
    assert after["repeated"] <= lost_at_most
