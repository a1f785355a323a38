"""Measures contenders in rounds: each in a process of its own, one after the other, in alternating order.

A contender's process prints its figures as JSON on the last line of its output. One that fails is left out of the
rounds that follow, and its reason is given.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.environments import ROOT, Environment, quiet_environ

Rounds = dict[str, list[dict[str, Any]]]
"""The figures of each round, per contender."""

TIMEOUT_S = 600
"""The slowest contender needs about 60 s a round; this leaves room for a busy machine."""


def in_rounds(
    contenders: Mapping[str, Environment],
    command: Callable[[str], Sequence[str]],
    *,
    n_rounds: int,
    environ: Mapping[str, str] | None = None,
) -> tuple[Rounds, dict[str, str]]:
    """Measure all contenders; give the figures of those that never failed, and why the others did.

    Args:
        contenders: Where each of them is installed.
        command: Gives the interpreter's arguments that measure a contender.
        n_rounds: How often each is measured.
        environ: Environment variables besides those of this process.
    """
    rounds: Rounds = {name: [] for name in contenders}
    failed: dict[str, str] = {}
    for index in range(n_rounds):
        order = list(contenders) if index % 2 == 0 else list(contenders)[::-1]
        for name in order:
            if name in failed:
                continue
            print(f"round {index + 1} of {n_rounds}: {name}", file=sys.stderr)
            figures, error = measured([contenders[name].python, *command(name)], environ or {})
            if figures is None:
                failed[name] = error
                print(f"  failed: {error}", file=sys.stderr)
            else:
                rounds[name].append(figures)
    return {name: taken for name, taken in rounds.items() if name not in failed}, failed


def measured(command: Sequence[str], environ: Mapping[str, str]) -> tuple[dict[str, Any] | None, str]:
    """Measure one contender in a process of its own; give its figures, or why there are none."""
    try:
        process = subprocess.run(
            command,
            cwd=ROOT,
            env={**quiet_environ(), **environ},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"not done after {TIMEOUT_S} s"
    if process.returncode:
        return None, (process.stderr.strip().splitlines() or ["no message"])[-1].strip()
    return json.loads(process.stdout.splitlines()[-1]), ""


def chosen_peers(choice: str, peers: Mapping[str, Sequence[str]], apart: Environment) -> list[str]:
    """Turn the value of `--peers` into names, all of them installed.

    Args:
        choice: `auto`, `none`, or names with commas between.
        peers: The names there are, and the distributions each of them needs.
        apart: Where they are installed.
    """
    if choice == "none":
        return []
    if choice == "auto":
        return [name for name, needed in peers.items() if apart.has(needed)]
    names = choice.split(",")
    for name in names:
        if name not in peers:
            raise SystemExit(f"no contender is called {name!r}; there are {', '.join(peers)}")
        if not apart.has(peers[name]):
            raise SystemExit(
                f"{name!r} needs {', '.join(peers[name])}; benchmarks/README.md says how to install it"
            )
    return names
