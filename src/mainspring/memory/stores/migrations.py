"""Numbered SQL files that bring a database's notes to the form this version of Mainspring works with."""

from dataclasses import dataclass
from importlib.resources import files

from mainspring.core.errors import MemoryStoreError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step."""

    number: int
    sql: str


def missing(dialect: str, applied: int, where: str) -> list[Migration]:
    """Give the steps that a database still needs, in order.

    Args:
        dialect: `sqlite` or `postgres`.
        applied: Number of the last step it has had; 0 for an empty one.
        where: What to call the database in an error.

    Raises:
        MemoryStoreError: It has had steps that this version does not know.
    """
    folder = files("mainspring.memory.stores").joinpath(dialect)
    known = sorted(
        (
            Migration(int(file.name.partition("_")[0]), file.read_text(encoding="utf-8"))
            for file in folder.iterdir()
            if file.name.endswith(".sql")
        ),
        key=lambda migration: migration.number,
    )
    if applied > known[-1].number:
        raise MemoryStoreError(
            f"{where} was written by a newer Mainspring (its tables have version {applied}, this one knows "
            f"{known[-1].number}); use that one, or another store"
        )
    return [migration for migration in known if migration.number > applied]
