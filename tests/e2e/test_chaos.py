"""Workers are killed and stopped at random: a short run of the benchmark that does it for longer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]


def test_nothing_is_lost_or_repeated_while_workers_are_killed_and_stopped_at_random(
    store_url: str,
) -> None:
    store = store_url if "://" in store_url else "sqlite"
    bounds = {"--runs": 20, "--workers": 2, "--strikes": 12, "--pause-s": 0.15, "--limit-s": 400}
    words = [str(word) for pair in bounds.items() for word in pair]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos", "--json", "--store", store, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=False,
    )
    tally = json.loads(done.stdout)
    assert (tally["runs"], tally["finished"]) == (20, 20)
    assert (tally["lost"], tally["repeated_effects"]) == (0, 0)
    assert tally["kills"] + tally["stops"] > 0
    assert done.returncode == 0
