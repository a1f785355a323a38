"""The reference of the command line is made from the commands."""

from pathlib import Path

from mainspring.cli.app import COMMANDS
from tests.unit.cli.conftest import Cli

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_reference_is_up_to_date(cli: Cli) -> None:
    made = cli("docs").stdout
    assert PAGE.read_text(encoding="utf-8") == made, "run `mainspring docs > docs/cli.md`"


def test_the_reference_has_every_command_and_the_exit_codes(cli: Cli) -> None:
    made = cli("docs").stdout
    assert all(f"## `mainspring {name}`" in made for name in COMMANDS)
    assert "### `mainspring models pull`" in made
    assert "130  interrupted" in made
