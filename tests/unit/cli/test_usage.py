"""The root: version, help, wrong usage, and streams that go away."""

import os
import subprocess
import sys

import pytest

from mainspring import __version__
from mainspring.cli.app import COMMANDS
from tests.unit.cli.conftest import Cli, WriteAgent


def test_version_is_the_packages(cli: Cli) -> None:
    result = cli("--version")
    assert (result.exit_code, result.stdout) == (0, f"mainspring {__version__}\n")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_version_and_help_load_neither_pydantic_nor_any_room(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom mainspring.cli import app\nfrom mainspring.cli.app import main\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = ('pydantic', 'aiohttp', 'jinja2', 'rich', 'mainspring.core', 'mainspring.models')\n"
        "loaded = [name for name in heavy if name in sys.modules]\nassert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_help_lists_the_commands_and_the_exit_codes(cli: Cli) -> None:
    shown = cli("--help").stdout
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert "130  interrupted" in shown
    assert "docs" not in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(cli: Cli, name: str) -> None:
    result = cli(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: mainspring {name}" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["--no-such-option"],
        ["run"],
        ["run", ".", "x", "--max-steps", "0"],
        ["run", ".", "x", "--max-steps", "many"],
        ["context", ".", "--mode", "telepathy"],
        ["models", "pull"],
        ["models", "probe"],
        ["tools", "call", "."],
        ["chat"],
        ["gpu"],
        ["runs", "show"],
        ["runs", "list", "--limit", "0"],
        ["runs", "export", "x"],
        ["run", ".", "x", "--when-spent", "never"],
        ["inbox", "edit", "x"],
        ["worker"],
        ["worker", ".", "--concurrency", "0"],
    ],
)
def test_wrong_usage_exits_2_without_a_stack_trace(cli: Cli, arguments: list[str]) -> None:
    result = cli(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mainspring", "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout == f"mainspring {__version__}\n"


def test_a_reader_that_goes_away_is_no_stack_trace(write_agent: WriteAgent) -> None:
    write_agent("['x' * 200_000]")
    command = [sys.executable, "-m", "mainspring", "run", ".", "go", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.parametrize("arguments", [["tools", "list", "."], ["context", "."], ["doctor"], ["docs"]])
def test_a_reader_that_was_never_there_is_no_stack_trace(write_agent: WriteAgent, arguments: list[str]) -> None:
    served = "Agent('a', model=ChatModel('m', base_url='http://h', mode='text'), tools=[add])"
    write_agent("[]", extra=f"from mainspring import ChatModel\nagent = {served}")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mainspring", *arguments], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
