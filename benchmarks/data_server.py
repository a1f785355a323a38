"""A teacher behind OpenAI's wire: it knows the handbooks of `data_handbook`, and answers each call after some time.

The model's name says who it is and how long a call takes: `truthful-50` answers after 50 ms, `lying-50` tells wrong
numbers. It counts how often it was asked, and how often the very same thing (`/served`). Like the scripted server
it is a process of its own, prints its port as JSON and ends when its stdin closes.
"""

import asyncio
import hashlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.request import urlopen

import orjson

from benchmarks.data_handbook import Speak, lying, truthful
from benchmarks.scripted_server import BACKLOG, ROOT, Connection, envelope, http, loop_factory
from benchmarks.scripted_server import Tally as Served

_CHARS_PER_TOKEN: Final = 4
_SPEAKERS: Final[dict[str, Speak]] = {"truthful": truthful, "lying": lying}


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """Run the server in a process of its own and give its base URL, which ends in `/v1`."""
    command = [sys.executable, "-m", "benchmarks.data_server", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{orjson.loads(process.stdout.readline())['port']}/v1"
        finally:
            process.stdin.close()


def served(base_url: str) -> dict[str, float]:
    """Give how many calls the teacher has answered, how many of them it had answered before, and over how long."""
    with urlopen(f"{base_url.removesuffix('/v1')}/served") as response:  # noqa: S310 - it is our own server
        found: dict[str, float] = orjson.loads(response.read())
    return found


@dataclass(slots=True)
class Asked(Served):
    """What the server was asked, over all its connections."""

    bodies: Counter[bytes] = field(default_factory=Counter)
    first_s: float = 0.0
    last_s: float = 0.0
    """When it was asked first and last, by the loop's clock, since somebody looked."""

    @property
    def n_repeated(self) -> int:
        """How many calls asked what another one had asked."""
        return sum(n - 1 for n in self.bodies.values())


class Teaching(Connection):
    """One connection to the teacher."""

    def answer(self, path: bytes, body: bytes) -> None:
        """Answer one request after the delay that the model's name asks for."""
        assert isinstance(self.tally, Asked)
        if path.endswith(b"/served"):
            tally = self.tally
            busy_s = tally.last_s - tally.first_s
            self.send(http({"model_calls": tally.model_calls, "repeated": tally.n_repeated, "busy_s": busy_s}))
            tally.first_s = 0.0
        elif path.endswith(b"/chat/completions"):
            now_s = asyncio.get_running_loop().time()
            self.tally.model_calls += 1
            self.tally.first_s, self.tally.last_s = self.tally.first_s or now_s, now_s
            self.tally.bodies[hashlib.sha256(body).digest()] += 1
            request = orjson.loads(body)
            kind, _, delay_ms = request["model"].partition("-")
            asyncio.get_running_loop().call_later(int(delay_ms) / 1000, self.send, _reply(request, _SPEAKERS[kind]))
        else:
            self.send(http({"error": {"message": f"no such path: {path.decode()}"}}, status=b"404 Not Found"))


def _reply(request: dict[str, Any], speak: Speak) -> bytes:
    words = "\n".join(str(message["content"]) for message in request["messages"])
    form = request["response_format"]["json_schema"]["schema"]["anyOf"][0]["properties"]["answer"]
    said = orjson.dumps({"thought": "", "answer": speak(form, words)}).decode()
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
    n_in, n_out = len(words) // _CHARS_PER_TOKEN, len(said) // _CHARS_PER_TOKEN
    usage = {"prompt_tokens": n_in, "completion_tokens": n_out, "total_tokens": n_in + n_out}
    return http({**envelope(request, "chat.completion"), "choices": [choice], "usage": usage})


async def serve(port: int) -> None:
    """Listen, print the port, and end when stdin closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Teaching, Asked()), "127.0.0.1", port, backlog=BACKLOG)
    print(orjson.dumps({"port": server.sockets[0].getsockname()[1]}).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.close()


def main() -> None:
    """Run the server, on uvloop where it is installed."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))


if __name__ == "__main__":
    main()
