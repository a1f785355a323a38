"""Two ways to build a dataset of the same documents, side by side: two versions of a prompt, or two teachers."""

from collections.abc import Mapping
from pathlib import Path

from mainspring.data.building.build import STORE, Watch, build
from mainspring.data.building.options import Options
from mainspring.data.building.report import Report


async def compare(
    source: Path, out: Path, ways: Mapping[str, Options], watch: Watch | None = None
) -> dict[str, Report]:
    """Build a dataset in each way, into a folder below `out` of its name.

    All share one store, so that what is the same in two ways is asked once; what each would have cost alone stands
    in its `usage`.

    Args:
        source: What is read.
        out: The folder.
        ways: Name to the options.
        watch: Told how each build goes.

    Raises:
        MainspringError: As `build`.
    """
    reports = {}
    for name, options in ways.items():
        shared = options if options.store else options.in_store(str(out / STORE))
        reports[name] = await build(source, out / name, shared, watch)
    return reports
