"""Measures what a model finds again in texts longer than it was trained on, with RoPE scaling and without.

Each length is read by the same weights, as they are and under each scaling. README.md says what the figures mean.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, Literal

from rich.console import Console
from rich.table import Table

from benchmarks.environments import machine
from benchmarks.needle_haystack import Found, haystack, said_to_be_trained_for, search
from mainspring.models.files.catalog import entry
from mainspring.models.files.fetch import fetch
from mainspring.models.local import LlamaServer, LocalSettings

LENGTHS: Final = (1500, 7000, 9500, 14_000)
_ROOM: Final = 1.1
"""How much more than a text is meant to have it may have, its keys and the replies included."""
Scaling = Literal["none", "linear", "yarn"]
SCALINGS: Final[tuple[Scaling, ...]] = ("none", "linear", "yarn")


def main() -> int:
    """Measure what the command line asks for, and print it."""
    arguments = read_arguments()
    file = fetch(entry(arguments.model))
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        longest = int(_ROOM * max(arguments.tokens))
        plain = said_to_be_trained_for(longest, file, Path(folder))
        for scaling in arguments.scaling:
            settings = LocalSettings(
                context_tokens=longest,
                rope_scaling=scaling,
                rope_factor=1.0 if scaling == "none" else arguments.factor,
                prefill_threads=arguments.threads,
            )
            server = LlamaServer(plain if scaling == "none" else file, settings)
            for n_tokens in arguments.tokens:
                taken += [
                    measured(server, scaling, n_tokens, arguments.within, seed) for seed in range(arguments.seeds)
                ]
            server.stop()
    if arguments.json:
        print(json.dumps({"model": arguments.model, "machine": machine(), "taken": taken}, indent=2))
    else:
        Console(width=110).print(as_table(taken))
    return 0


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="smollm2-135m", help="a model of the catalog (default smollm2-135m)")
    parser.add_argument("--tokens", type=int, nargs="+", default=LENGTHS, help="lengths of the texts")
    parser.add_argument("--scaling", nargs="+", choices=SCALINGS, default=SCALINGS, help="which scalings")
    parser.add_argument("--factor", type=float, default=2.0, help="how far they stretch (default 2)")
    parser.add_argument(
        "--within", type=float, default=1.0, help="share of a text, from its beginning, that has facts (default 1)"
    )
    parser.add_argument("--threads", type=int, help="threads that read; as many as there are cores if left out")
    parser.add_argument("--seeds", type=int, default=1, help="how many texts of each length (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    return parser.parse_args()


def measured(server: LlamaServer, scaling: Scaling, n_tokens: int, within: float, seed: int) -> dict[str, object]:
    """Have one text read, and count what is found again."""
    began_s = time.perf_counter()
    found: Found = asyncio.run(search(server.address(), haystack(n_tokens, within=within, seed=seed)))
    taken_s = round(time.perf_counter() - began_s, 1)
    print(f"{scaling}, {found.n_tokens} tokens: {found.n_found} of {found.n_keys}, {taken_s} s", file=sys.stderr)
    return {
        "scaling": scaling,
        "n_tokens": found.n_tokens,
        "seed": seed,
        "n_keys": found.n_keys,
        "n_found": found.n_found,
        "replies": found.replies,
        "taken_s": taken_s,
    }


def as_table(taken: list[dict[str, object]]) -> Table:
    """Show what was found, a line for each text."""
    table = Table(box=None, header_style="bold")
    for name in ("scaling", "tokens", "found", "of", "seconds"):
        table.add_column(name, justify="right")
    for one in taken:
        table.add_row(*(str(one[field]) for field in ("scaling", "n_tokens", "n_found", "n_keys", "taken_s")))
    return table


if __name__ == "__main__":
    sys.exit(main())
