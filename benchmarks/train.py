"""Measures training on this machine's CPU: our loop beside TRL's, one process beside two, a resume, and memory.

Run by the interpreter that trains: `.venv-train/bin/python -m benchmarks.train`. README.md says what the figures
mean.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.environments import machine, versions
from benchmarks.train_measure import Taken, run
from benchmarks.train_rows import write
from mainspring.train import Job

BASE: Final = "smollm2-135m"
_ALL_ROWS: Final = 10**9
"""More tokens than there are: every step has all rows."""
_LIBRARIES: Final = ("mainspring", "torch", "transformers", "peft", "trl", "accelerate")
CONTENDERS: Final[dict[str, dict[str, object]]] = {
    "ours": {},
    "trl": {"trainer": "trl"},
    "ours_plain": {"packing": "plain"},
}


def main() -> None:
    """Measure what the command line asks for, and print it."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        document = measured(Path(folder), arguments)
    if arguments.json:
        print(json.dumps(document, indent=2))
    else:
        Console(width=100).print(as_table(document))


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--rows", type=int, default=8, help="conversations of a step (default 8)")
    parser.add_argument("--steps", type=int, default=1, help="steps of a run that count (default 1)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds, whose order alternates (default 2)")
    parser.add_argument("--plain", action="store_true", help="our loop with TRL's packing as well")
    parser.add_argument("--base", default=BASE, help=f"what is trained (default {BASE})")
    parser.add_argument("--data", type=Path, help="a dataset's folder, of which the first rows are taken")
    return parser.parse_args()


def measured(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure everything, and give the document."""
    began = machine()
    data = chosen(folder, arguments.rows, arguments.data)
    names = [name for name in CONTENDERS if name != "ours_plain" or arguments.plain]
    rounds = [_round(folder, data, arguments, names, number) for number in range(arguments.rounds)]
    document: dict[str, Any] = {name: _median([one[name].figures() for one in rounds]) for name in names}
    document["ratios"] = {
        f"ours_to_{name}_{by}": _ratio(rounds, name, by)
        for name in names[1:]
        for by in ("tokens_per_cpu_s", "tokens_per_s")
    }
    document |= scaling(folder, data, arguments) | resume(folder, data, arguments)
    ours = rounds[-1]["ours"]
    document["memory"] = {"planned_mb": round(ours.planned_mb), "measured_mb": round(ours.peak_mb)}
    circumstances = {"machine": began, "load_1min_at_end": os.getloadavg()[0], "base": arguments.base}
    counts = {"n_rows": arguments.rows, "n_steps": arguments.steps, "n_rounds": arguments.rounds}
    return document | circumstances | counts | {"versions": versions(sys.executable, _LIBRARIES)}


def scaling(folder: Path, data: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Compare two processes with one, over the same rows one by one."""
    settings: dict[str, object] = {"packing": "none"}
    one, two = (
        run(job_of(folder / f"processes-{n}", data, arguments, {**settings, "processes": n})) for n in (1, 2)
    )
    return {"scaling_2": round(one.cpu_s / two.cpu_s, 3), "scaling_2_wall": round(one.wall_s / two.wall_s, 3)}


def resume(folder: Path, data: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Measure what it takes until a run that was ended goes on, and until one begins."""
    job = job_of(folder / "resumed", data, arguments, {"save_every": 1}, more_steps=1)
    fresh, resumed = run(job, stops=True), run(job)
    return {
        "resume_s": round(resumed.start_s, 2),
        "resume_cpu_s": round(resumed.start_cpu_s, 2),
        "start_s": round(fresh.start_s, 2),
        "start_cpu_s": round(fresh.start_cpu_s, 2),
    }


def job_of(
    out: Path, data: Path, arguments: argparse.Namespace, settings: dict[str, object], *, more_steps: int = 0
) -> Job:
    """Give a job of which every step has all rows."""
    epochs = arguments.steps + more_steps
    usual = {
        "batch_tokens": _ALL_ROWS,
        "epochs": epochs,
        "learn": "calls",
        "method": "lora",
        "save_every": _ALL_ROWS,
    }
    return Job.model_validate({"data": data, "base": arguments.base, "out": out} | usual | settings)


def chosen(folder: Path, n_rows: int, given: Path | None) -> Path:
    """Write the rows that are measured with: made ones, or the first of a dataset."""
    if given is None:
        return write(folder / "data", n_rows)
    files = sorted(given.glob("train-*.jsonl")) if given.is_dir() else [given]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()][:n_rows]
    rows = folder / "data" / "train-00000.jsonl"
    rows.parent.mkdir()
    rows.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return rows.parent


def _round(
    folder: Path, data: Path, arguments: argparse.Namespace, names: list[str], number: int
) -> dict[str, Taken]:
    """Run all contenders once; every other round in the opposite order."""
    return {
        name: run(job_of(folder / f"{name}-{number}", data, arguments, CONTENDERS[name]))
        for name in (reversed(names) if number % 2 else names)
    }


def _ratio(rounds: list[dict[str, Taken]], name: str, by: str) -> float:
    """Compare our loop with a contender, within each round."""
    return round(median(one["ours"].figures()[by] / one[name].figures()[by] for one in rounds), 3)


def _median(figures: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median(one[name] for one in figures), 3) for name in figures[0]}


def as_table(document: dict[str, Any]) -> Table:
    """Lay the figures out."""
    table = Table(box=None, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in document.items():
        if isinstance(value, int | float):
            table.add_row(name, f"{value:,}")
        elif isinstance(value, dict) and name not in {"machine", "versions"}:
            for key, one in value.items():
                table.add_row(f"{name}.{key}", f"{one:,}")
    return table


if __name__ == "__main__":
    main()
