"""What a terminal gets, and what everything else gets."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.unit.cli.conftest import Cli, WriteAgent

pty = pytest.importorskip("pty")


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    outer, inner = pty.openpty()
    try:
        yield outer, inner
    finally:
        os.close(outer)


def _run_in_terminal(*arguments: str, typed: str = "", **environment: str) -> str:
    """Run with all three streams on a terminal of 80 columns, and give everything that was shown."""
    variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    variables |= {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40", **environment}
    command = [sys.executable, "-m", "mainspring", *arguments]
    with _terminal() as (outer, inner):
        with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=variables) as process:
            os.close(inner)
            os.write(outer, typed.encode())
            shown = b"".join(_read(outer))
        assert process.returncode == 0, shown
    return shown.decode()


def _read(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # Linux says so when the last program has left the terminal
            return
        if not piece:
            return
        yield piece


def test_a_terminal_gets_colour_and_the_answer_behind_its_label(write_agent: WriteAgent) -> None:
    write_agent("[use('add', a=1), 'two']")
    shown = _run_in_terminal("run", ".", "go")
    assert "\x1b[2mcall     \x1b[0m\x1b[36madd\x1b[0m" in shown
    assert "\x1b[1;36manswer   \x1b[0mtwo" in shown


def test_no_color_means_no_escape_sequence_at_all(write_agent: WriteAgent) -> None:
    write_agent("[use('add', a=1), 'two']")
    shown = _run_in_terminal("run", ".", "go", NO_COLOR="1")
    assert "\x1b" not in shown
    assert "call     add(a=1)" in shown
    assert "answer   two" in shown


def test_lines_are_wrapped_behind_their_labels(write_agent: WriteAgent) -> None:
    write_agent(f"[Act(thought='{'word ' * 40}', calls=(replace(use('add', a=1), id='c'),)), 'two']")
    lines = _run_in_terminal("run", ".", "go", NO_COLOR="1").splitlines()
    assert lines[0].startswith("thought  word")
    assert lines[1].startswith("         word")
    assert max(map(len, lines)) <= 80


def test_a_reply_is_shown_as_it_is_written_and_once_in_the_end(write_agent: WriteAgent) -> None:
    write_agent("['streamed answer']")
    assert "streamed answer" in _run_in_terminal("run", ".", "go", "--stream")
    assert "streamed answer" in _run_in_terminal("run", ".", "go", "--no-stream")


def test_a_chat_prompts_on_a_terminal(write_agent: WriteAgent) -> None:
    write_agent("['one', 'two']")
    shown = _run_in_terminal("chat", ".", typed="first\nsecond\n/exit\n", NO_COLOR="1")
    assert "helper on scripted; /exit or Ctrl-D ends" in shown
    assert "answer   one" in shown
    assert "answer   two" in shown
    assert shown.count("you      ") == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", ".", "go"],
        ["context", "."],
        ["tools", "list", "."],
        ["models", "list"],
        ["doctor"],
        ["init", "new"],
        ["run", "nowhere", "go"],
        ["--help"],
    ],
)
def test_there_is_no_colour_when_piped(cli: Cli, write_agent: WriteAgent, arguments: list[str]) -> None:
    write_agent("[use('add', a=1), 'two']")
    result = cli(*arguments)
    assert "\x1b" not in result.stdout + result.stderr
