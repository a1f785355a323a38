"""Ctrl-C in the middle of a run, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mainspring.core import decode
from mainspring.core.events import Cancelled
from tests.unit.cli.conftest import WriteAgent

BLOCKING = """
import threading

@tool
def block() -> str:
    '''Never return, in a thread.'''
    threading.Event().wait()
    return ""

agent = Agent('blocked', model=ScriptedModel([use('block'), 'never']), tools=[block])
"""


def _start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "mainspring", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


@pytest.mark.parametrize("extra", ["", BLOCKING], ids=["awaiting tool", "blocking tool"])
def test_ctrl_c_in_a_slow_tool_ends_the_run_with_130(write_agent: WriteAgent, extra: str) -> None:
    write_agent("[use('hang'), 'never']", extra=extra)
    with _start("run", ".", "go") as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("call ")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[0] == "stopped  the run was cancelled"
    assert "1 step · " in err
    assert "Traceback" not in err


def test_the_events_of_a_run_end_with_its_cancellation(write_agent: WriteAgent) -> None:
    write_agent("[use('hang'), 'never']")
    with _start("run", ".", "go", "--json") as process:
        assert process.stdout is not None
        while "tool_called" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert isinstance(decode(json.loads(out.splitlines()[-1])["event"]), Cancelled)
    assert err == ""


def test_ctrl_c_in_a_chat_cancels_the_turn_and_keeps_the_conversation(write_agent: WriteAgent) -> None:
    write_agent("['first', use('hang'), lambda r: ' | '.join(m.text for m in r.messages if m.role == 'user')]")
    with _start("chat", ".") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write("one\ntwo\n")
        process.stdin.flush()
        while not process.stderr.readline().startswith("call "):
            pass
        process.send_signal(signal.SIGINT)
        while "cancelled; the conversation goes on" not in process.stderr.readline():
            pass
        out, err = process.communicate("three\n")
    assert process.returncode == 0
    assert out.splitlines() == ["first", "one | three"]
    assert "Traceback" not in err


def test_ctrl_c_while_an_agents_file_is_read_exits_130(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    Path("agent.py").write_text(f"import time\nopen({str(fifo)!r}, 'w').close()\ntime.sleep(3600)")
    with _start("tools", "list", ".") as process:
        fifo.read_text()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
