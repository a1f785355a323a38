"""What the tests of the command line share: a folder and a cache of their own, agents in files, a way to run."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner, Result

from mainspring.cli.app import app

HEAD = """
import asyncio
from dataclasses import replace
from mainspring import Agent, ScriptedModel, ToolError, tool, use
from mainspring.core import Act, Answer

@tool(effect="none", authority=[])
def add(a: int, b: int = 1) -> int:
    '''Add two numbers.

    Args:
        a: The first.
    '''
    return a + b

@tool
def long(n_lines: int) -> str:
    '''Say much.'''
    return "\\n".join(f"line {n}" for n in range(n_lines))

@tool
def fail() -> str:
    '''Fail.'''
    raise ToolError("it broke")

@tool
async def hang() -> str:
    '''Never return.'''
    await asyncio.Event().wait()
    return ""
"""

Cli = Callable[..., Result]
WriteAgent = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the user's settings, keys, cache and modules out of it, and ours out of theirs."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MAINSPRING_CACHE", str(tmp_path / "cache"))
    for name in ("CONFIG", "DEBUG", "STORE"):
        monkeypatch.delenv(f"MAINSPRING_{name}", raising=False)
    for name in ("OPENAI_API_KEY", "NVIDIA_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield
    for name in [
        name for name in sys.modules if name.startswith(("mainspring_agent_", "made_")) and name not in known
    ]:
        del sys.modules[name]


@pytest.fixture
def cli() -> Cli:
    """Run the command line in this process; stdout and stderr apart."""
    runner = CliRunner()

    def run(*arguments: str, words: str | bytes | None = None) -> Result:
        return runner.invoke(app, list(arguments), input=words, prog_name="mainspring")

    return run


@pytest.fixture
def write_agent() -> WriteAgent:
    """Write a Python file with an agent that follows a script."""

    def write(script: str, name: str = "agent.py", extra: str = "") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        body = f"agent = Agent('helper', instructions='You help.', model=ScriptedModel({script}), "
        body += "tools=[add, long, fail, hang])\n"
        path.write_text(HEAD + body + dedent(extra))
        return path

    return write
