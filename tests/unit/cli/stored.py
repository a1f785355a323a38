"""What the tests of durable runs share: agents that say by the conversation what comes next, tools that hang."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.unit.cli.conftest import Cli

STORE = "runs.db"

AGENT = """
from pathlib import Path
from mainspring import Agent, ScriptedModel, ask_human, tool, use, wait_for

def says(*script):
    '''Say the line that comes next in this conversation, whichever process it is in.'''
    def line(request):
        said = script[sum(message.role == "assistant" for message in request.messages)]
        return said(request) if callable(said) else said
    return ScriptedModel([line] * 50)

def note(word):
    with Path("done.txt").open("a") as file:
        file.write(word + "\\n")

@tool(effect="none")
def look(q: str) -> str:
    '''Look something up.'''
    note(f"look {q}")
    return f"found {q}"

@tool(effect="money", approval=True)
def refund(order: str, amount: int) -> str:
    '''Pay back.'''
    note(f"refund {order} {amount}")
    return f"paid {amount} for {order}"

def hang(word):
    '''Say that it has begun, and return once somebody allows it.'''
    note(word)
    Path("begun").write_text("yes")
    return Path("go").read_text()

@tool(effect="none", in_doubt="retry")
def block() -> str:
    '''Return once somebody allows it.'''
    return hang("block")

@tool(effect="write")
def charge() -> str:
    '''Do what must not be done twice.'''
    return hang("charge")
"""

PAYING = "[use('look', q='17'), use('refund', order='17', amount=3), 'Paid.']"
BLOCKING = "[use('look', q='17'), use('block'), 'Done.']"
CHARGING = "[use('look', q='17'), use('charge'), 'Done.']"
ASKING = "[use('ask_human', question='Which year?'), lambda request: request.messages[-1].text]"


def write_stored_agent(script: str, name: str = "agent.py") -> Path:
    """Write a file with an agent, called helper, that follows a script by its conversation."""
    path = Path(name)
    tools = "[look, refund, block, charge, ask_human(), wait_for()]"
    made = f"agent = Agent('helper', instructions='You help.', model=says(*{script}), tools={tools})\n"
    path.write_text(f"{AGENT}\n{made}")
    return path


def done() -> list[str]:
    """Give what the tools have done, in order."""
    return Path("done.txt").read_text().splitlines() if Path("done.txt").exists() else []


def document(cli: Cli, *arguments: str) -> Any:
    """Give what a command writes as JSON."""
    result = cli(*arguments, "--json", "--store", STORE)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def question(cli: Cli) -> str:
    """Give the id of the only question."""
    (item,) = document(cli, "inbox", "list")
    return str(item["id"])


def hold() -> None:
    """Make tools that hang hang, until `allow`."""
    for name in ("begun", "go"):
        Path(name).unlink(missing_ok=True)
        os.mkfifo(name)


def wait_until_begun() -> None:
    """Wait until a tool that hangs has been called."""
    Path("begun").read_text()


def allow() -> None:
    """Let tools that hang return, now and later."""
    waiting = Path("waiting")
    waiting.hardlink_to("go")
    Path("allowed").write_text("allowed")
    Path("allowed").replace("go")
    Path("begun").unlink()
    try:
        descriptor = os.open(waiting, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # nobody waits
        return
    os.write(descriptor, b"allowed")
    os.close(descriptor)


def started(*arguments: str) -> "subprocess.Popen[str]":
    """Start a command on the store in a process of its own."""
    command = [sys.executable, "-m", "mainspring", *arguments, "--store", STORE]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """Read what a process says until a line has these words, and give that line."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return line
    raise AssertionError(f"{words!r} was never said: {''.join(seen)}")


def end_at_once(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """Send a signal until the process has ended."""
    process.send_signal(number)
    read_until(process, "stopping: ")
    while process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
