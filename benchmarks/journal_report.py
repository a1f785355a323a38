"""Turns the rounds of `journal.py` into one document and one table.

A figure is the median over the rounds. A difference or a ratio is the median of those within each round, because
the two sides of one round were taken while the machine ran at about the same speed.
"""

import statistics
from typing import Any

from rich.table import Table

from benchmarks.overhead_report import figures, medians, ratio, rounded
from benchmarks.rounds import Rounds

PLAIN = "plain"
IMPORTED = "plain_imported"
SQLITE = "sqlite"
POSTGRES = "postgres"
OURS = (SQLITE, POSTGRES, PLAIN, IMPORTED)
AT_ONCE = ("c1", "c50", "c200")
OF_A_RUN = (
    "bytes_per_step_10",
    "bytes_per_step_200",
    "fold_200_ms",
    "fold_200_wall_ms",
    "resume_200_ms",
    "resume_200_wall_ms",
)


def as_document(rounds: Rounds) -> dict[str, Any]:
    """Build the JSON document: ours at the top, the peers below, and the ratios."""
    middle = {name: medians(taken) for name, taken in rounds.items()}
    document: dict[str, Any] = {name: at_once(rounds, name) for name in (SQLITE, POSTGRES) if name in rounds}
    document |= {key: value for key, value in middle.get(SQLITE, {}).items() if key in OF_A_RUN}
    if PLAIN in rounds:
        document[PLAIN] = middle[PLAIN]
    if {PLAIN, IMPORTED} <= rounds.keys():
        document["no_store_ratio"] = no_store_ratio(rounds)
    document["peers"] = {name: of_peer(figures) for name, figures in middle.items() if name not in OURS}
    document["ratios"] = ratios(rounds)
    return document


def at_once(rounds: Rounds, name: str) -> dict[str, Any]:
    """Give the figures of runs at once in a store, and what they would be without one."""
    middle = medians(rounds[name])
    result: dict[str, Any] = {label: middle[label] for label in AT_ONCE}
    if PLAIN in rounds:
        for label in AT_ONCE:
            path = (label, "cpu_ms_per_effect")
            ours, plain = list(figures(rounds[name], path)), list(figures(rounds[PLAIN], path))
            journal = [one - other for one, other in zip(ours, plain, strict=True)]
            result[label]["plain_cpu_ms_per_effect"] = rounded(statistics.median(plain))
            result[label]["journal_cpu_ms_per_effect"] = rounded(statistics.median(journal))
    return result


def of_peer(taken: dict[str, Any]) -> dict[str, Any]:
    """Add the rates under the name that a framework calls its steps by."""
    rates = {f"steps_per_s_{label}": taken[label]["effects_per_s"] for label in AT_ONCE if label in taken}
    return {**taken, **rates}


def no_store_ratio(rounds: Rounds) -> float:
    """Compare a process that never imported the room of stores with one that has, by their cheapest run.

    The two do the same, so that the difference to look for is smaller than what other work on the machine adds to a
    median.
    """
    least = ("c1", "least_cpu_ms_per_effect")
    return rounded(min(figures(rounds[PLAIN], least)) / min(figures(rounds[IMPORTED], least)))


def ratios(rounds: Rounds) -> dict[str, float]:
    """Compare long runs with short ones, and the peers with SQLite at 50 runs at once."""
    ours = rounds.get(SQLITE)
    if ours is None:
        return {}
    cpu, rate = ("c50", "cpu_ms_per_effect"), ("c50", "effects_per_s")
    short, long = ("bytes_per_step_10",), ("bytes_per_step_200",)
    result = {"bytes_per_step_200_to_10": ratio(ours, ours, long, short)}
    for label, name in (("dbos", "dbos"), ("langgraph", "langgraph_sqlite")):
        if theirs := rounds.get(name):
            result[f"effects_per_s_to_{label}"] = ratio(ours, theirs, rate)
            result[f"cpu_{label}_to_ours"] = ratio(theirs, ours, cpu)
            if long[0] in theirs[0]:
                result[f"bytes_per_step_200_{label}_to_ours"] = ratio(theirs, ours, long)
    return result


def as_table(rounds: Rounds) -> Table:
    """Build the table that people read."""
    table = Table(title="One effect = one model call or one tool call that gives 4 KB, its outcome kept")
    table.add_column("contender")
    columns = {
        **{f"CPU ms/effect\n{label[1:]} at once": (label, "cpu_ms_per_effect") for label in AT_ONCE},
        **{f"effects/s\n{label[1:]} at once": (label, "effects_per_s") for label in AT_ONCE},
        **{f"KB/step\n{n} steps": (f"bytes_per_step_{n}",) for n in (10, 200)},
    }
    for title in columns:
        table.add_column(title, justify="right")
    for name, taken in rounds.items():
        middle = medians(taken)
        cells = [_cell(middle, path) for path in columns.values()]
        table.add_row(name, *cells, style="bold" if name in (SQLITE, POSTGRES) else None)
    return table


def _cell(middle: dict[str, Any], path: tuple[str, ...]) -> str:
    if path[0] not in middle:
        return "-"
    (value,) = figures([middle], path)
    return (
        f"{value / 1000:.1f}" if path[0].startswith("bytes") else f"{value:.3g}" if value < 10 else f"{value:.0f}"
    )
