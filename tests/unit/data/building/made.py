"""Builds of handbooks, by teachers that know them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pydantic_core import from_json

from benchmarks.data_handbook import Teacher, handbook, truthful
from mainspring.core import JsonObject, Model
from mainspring.data.building import Options, Report, build
from mainspring.data.team import Wishes


def handbooks(folder: Path, n: int = 2, *, n_chapters: int = 2) -> Path:
    """Write some handbooks into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        (folder / f"book {number}.md").write_text(handbook(n_chapters, seed=number), encoding="utf-8")
    return folder


def options(*models: Model, **more: object) -> Options:
    """Give the options of a build whose teacher is the first model, and whose judge is the second one, if any."""
    by_name = {model.name: model for model in models}
    usual = Options(
        teacher=models[0].name,
        judge=models[1].name if len(models) > 1 else "",
        wishes=Wishes(passage_tokens=300),
        n_controls=8,
        n_readers=1,
        open_model=by_name.__getitem__,
    )
    return replace(usual, **more)  # type: ignore[arg-type]  # fields of it


async def built(folder: Path, teacher: Model | None = None, **more: object) -> Report:
    """Build a dataset of the handbooks in a folder, into the folder beside it."""
    source = folder / "docs"
    if not source.exists():
        handbooks(source)
    return await build(source, folder / "out", options(teacher or Teacher(truthful), **more))


def lines(path: Path) -> list[JsonObject]:
    """Read a file of JSON lines."""
    return [from_json(line) for line in path.read_bytes().splitlines()]


def contents(folder: Path, *, without: Iterable[str] = ("report.json",)) -> dict[str, bytes]:
    """Read the files of a dataset, but for its store."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("data.db") and path.name not in without
    }
