"""Numbered SQL files that bring a database to the form this version of Mainspring works with."""

from dataclasses import dataclass
from importlib.resources import files

from mainspring.core.errors import JournalError


@dataclass(frozen=True, slots=True)
class Migration:
    """One step."""

    number: int
    name: str
    sql: str


def migrations(dialect: str) -> list[Migration]:
    """Give all steps of a dialect (`sqlite` or `postgres`), in order."""
    found = []
    for file in files("mainspring.runs.stores").joinpath(dialect).iterdir():
        if file.name.endswith(".sql"):
            number = int(file.name.partition("_")[0])
            found.append(Migration(number, file.name.removesuffix(".sql"), file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def missing(dialect: str, applied: int, where: str) -> list[Migration]:
    """Give the steps that a database still needs.

    Args:
        dialect: `sqlite` or `postgres`.
        applied: Number of the last step it has had; 0 for an empty one.
        where: What to call the database in an error.

    Raises:
        JournalError: It has had steps that this version does not know.
    """
    known = migrations(dialect)
    if applied > known[-1].number:
        raise JournalError(
            f"{where} was written by a newer Mainspring (its tables have version {applied}, this one knows "
            f"{known[-1].number}); use that one, or another store"
        )
    return [migration for migration in known if migration.number > applied]
