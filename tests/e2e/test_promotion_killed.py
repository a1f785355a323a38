"""A promotion that is killed between its gate and its writing goes on in another process, and writes once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from mainspring.models.config import PooledSettings, load_settings
from tests.unit.promotion.making import SETTINGS, kept, settings

ROOT = Path(__file__).parents[2]


def said(folder: Path, *command: str) -> Any:
    """Give what a command writes as JSON."""
    environment = {**os.environ, "MAINSPRING_CONFIG": str(folder / "mainspring.toml")}
    words = [sys.executable, "-m", "mainspring", *command, "--store", str(folder / "runs.db")]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return (
        [json.loads(line) for line in done.stdout.splitlines()] if command[0] == "runs" else json.loads(done.stdout)
    )


@pytest.mark.parametrize("moment", ["before the intent", "after the intent", "after the deed"])
def test_a_killed_promotion_is_gone_on_with_by_the_command_line(moment: str, tmp_path: Path) -> None:
    path = settings(tmp_path)
    kept(tmp_path / "tuned.jsonl", [1.0] * 100)
    kept(tmp_path / "present.jsonl", [1.0] * 100, "support")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.e2e.killed_promotion", str(tmp_path), moment], cwd=ROOT, check=False
    )
    assert killed.returncode == -SIGKILL
    assert (path.read_text() == SETTINGS) == (moment != "after the deed")
    (before,) = said(tmp_path, "pool", "decisions", "support", "--json")
    assert (before["state"], before["verdict"]["passed"]) == ("open", True)

    said(tmp_path, "runs", "resume", before["run"], "--agent", "mainspring.promotion:promoter", "--json")

    (after,) = said(tmp_path, "pool", "decisions", "support", "--json")
    assert (after["run"], after["state"], after["share"], after["by"]) == (before["run"], "done", 0.1, "ada")
    assert after["shared"]["changed"] == (moment != "after the deed")
    pool = load_settings(path).models["support"]
    assert isinstance(pool, PooledSettings)
    assert [member.name for member in pool.members] == [None, "tuned"]
    assert path.with_name("mainspring.toml.bak").read_text() == SETTINGS
