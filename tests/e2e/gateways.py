"""Gateways in processes of their own, for tests: a folder with their settings, and clients that end with them."""

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

from mainspring.serve import hashed
from tests.unit.serve.fronts import HELLO, openai_client

KEY = "ms-secret"
MAINSPRING = [sys.executable, "-m", "mainspring"]


class Gateway:
    """A gateway in a process of its own.

    Args:
        process: The process.
        stack: What is opened for it is closed with this.
    """

    def __init__(self, process: asyncio.subprocess.Process, stack: AsyncExitStack) -> None:
        self.url = ""
        """Where it serves, up to and including `/v1`."""
        self.process = process
        self._stack = stack

    async def said(self, words: str) -> str:
        """Read its log up to a line with these words, and give that line."""
        assert self.process.stderr is not None
        seen = []
        async for line in self.process.stderr:
            seen.append(line.decode())
            if words in seen[-1]:
                return seen[-1]
        raise AssertionError(f"{words!r} was never said: {''.join(seen)}")

    async def client(self, secret: str = KEY, *, max_retries: int = 0) -> AsyncOpenAI:
        """Open a client."""
        made = await self._stack.enter_async_context(openai_client(self.url, secret))
        return made.with_options(max_retries=max_retries)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Wait until it has ended, and give its exit code."""
        await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode


class House:
    """Starts gateways in one folder.

    Args:
        folder: Where `mainspring.toml` is.
        stack: They end with it.
    """

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self._stack = stack

    def write(self, *tables: str) -> None:
        """Write `mainspring.toml`."""
        (self.folder / "mainspring.toml").write_text("\n\n".join(tables), encoding="utf-8")

    async def run(self, *words: str) -> tuple[int | None, str, str]:
        """Run a command to its end, and give its exit code and what it said on stdout and stderr."""
        process = await self._started(*words)
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    async def gateway(self, *words: str) -> Gateway:
        """Start a gateway on a free port, and wait until it serves."""
        process = await self._started("gateway", "--port", "0", *words)
        started = Gateway(process, self._stack)
        self._stack.push_async_callback(_end, process)
        line = await started.said("serving ")
        started.url = next(word for word in line.replace(",", " ").split() if word.startswith("http"))
        return started

    async def _started(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *MAINSPRING,
            *words,
            cwd=self.folder,
            env=_environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


def _environment() -> dict[str, str]:
    """Keep the user's settings out of it."""
    ours = {f"MAINSPRING_{name}" for name in ("CONFIG", "STORE", "DEBUG")}
    return {name: value for name, value in os.environ.items() if name not in ours} | {"no_proxy": "*"}


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.communicate()


def key(name: str = "team", secret: str = KEY, **fields: Any) -> str:
    """Write the table of a key."""
    lines = [f"{field} = {_toml(value)}" for field, value in ({"sha256": hashed(secret)} | fields).items()]
    return "\n".join([f"[gateway.keys.{name}]", *lines])


def model(base_url: str, name: str = "near", **fields: Any) -> str:
    """Write the table of a model at a server, tried once."""
    table = {"attempts": 1, "members": [{"base_url": base_url, "model": "far"}]} | fields
    return "\n".join([f"[models.{name}]", *(f"{field} = {_toml(value)}" for field, value in table.items())])


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{field} = {_toml(one)}" for field, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


async def ask(client: AsyncOpenAI, **fields: Any) -> Any:
    """Send a request, and give the reply or the error."""
    asked: Any = {"model": "near", "messages": HELLO, "max_tokens": 50} | fields
    try:
        return await client.chat.completions.create(**asked)
    except Exception as error:  # noqa: BLE001 - it is looked at by whoever asks
        return error
