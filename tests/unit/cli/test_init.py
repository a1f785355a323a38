"""`mainspring init`: the project it writes works, and nothing is lost."""

import subprocess
import sys
from pathlib import Path

from mainspring.cli.init import scaffold
from mainspring.cli.load import load_agent
from tests.unit.cli.conftest import Cli


def test_the_scaffolds_own_test_passes(cli: Cli) -> None:
    result = cli("init", "new")
    assert result.exit_code == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:asyncio", "-p", "no:cacheprovider"],
        cwd="new", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_it_prints_what_it_wrote_and_tells_the_next_command(cli: Cli) -> None:
    result = cli("init", "new")
    assert result.stdout.splitlines() == sorted(f"new/{name}" for name in scaffold())
    assert "next     cd new\n" in result.stderr
    assert 'mainspring run . "' in result.stderr


def test_the_scaffold_is_checked_code(cli: Cli) -> None:
    cli("init", ".")
    subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "."], check=True)


def test_the_scaffolds_agent_uses_the_model_of_its_settings(cli: Cli) -> None:
    cli("init")
    agent = load_agent(".")
    assert agent.model.name == "main"
    assert list(agent.tools) == ["days_between"]
    assert cli("tools", "call", ".", "days_between", "first=2028-02-28", "last=2028-03-01").stdout == "2\n"


def test_files_that_are_there_stay_as_they_are(cli: Cli) -> None:
    Path("agent.py").write_text("mine")
    result = cli("init")
    assert result.exit_code == 0
    assert Path("agent.py").read_text() == "mine"
    assert Path("mainspring.toml").is_file()
    assert "agent.py is there already and stays as it is" in result.stderr


def test_a_file_in_place_of_the_folder_is_refused(cli: Cli) -> None:
    Path("taken").write_text("mine")
    result = cli("init", "taken")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert Path("taken").read_text() == "mine"
