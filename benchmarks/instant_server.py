"""A chat completions server that answers at once: every answer is made before the first request comes.

Whatever the words are, the answer is `TEXT`, or to those who ask for a stream `PIECES` one by one, each as one HTTP
chunk: back to back, or one every `GAP_S` where the model's name holds `PACED`. It is a process of its own, so that
its work never counts as anybody else's, and there may be several of them: members of a pool.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Final
from urllib.request import urlopen

import orjson

from benchmarks.environments import ROOT
from benchmarks.scripted_server import BACKLOG, HEAD_END, content_length, http, http_chunk, loop_factory

MODEL: Final = "bench"
TEXT: Final = "Final Answer: The keel was laid in spring, and the ship was afloat before the leaves had turned."
"""An answer in the words that the text mode asks for, and prose to everybody else."""
N_PIECES: Final = 500
PIECES: Final = ("Final Answer:", *(f" word{index}" for index in range(N_PIECES - 1)))
PACED: Final = "paced"
GAP_S: Final = 0.02
"""About the pace at which a large model writes."""
N_TOKENS: Final = 24
"""What the server says an answer was long."""

USAGE: Final[dict[str, Any]] = {
    "prompt_tokens": 150,
    "completion_tokens": N_TOKENS,
    "total_tokens": 150 + N_TOKENS,
    "prompt_tokens_details": {"cached_tokens": 128},
}
_STREAM_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def envelope(kind: str, choices: list[dict[str, Any]], usage: dict[str, Any] | None) -> dict[str, Any]:
    """Build a reply, or one event of a stream."""
    return {
        "id": "chatcmpl-9f2c4a",
        "object": kind,
        "created": 1_700_000_000,
        "model": MODEL,
        "system_fingerprint": "fp_1",
        "choices": choices,
        "usage": usage,
    }


def completion() -> bytes:
    """Build the whole HTTP answer of a call."""
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return http(envelope("chat.completion", [choice], USAGE))


def stream() -> list[bytes]:
    """Build the HTTP answer of a stream in parts: an event for each piece, one that ends it, one with the usage."""
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": PIECES[0]}]
    deltas += [{"content": piece} for piece in PIECES[1:]]
    choices: list[dict[str, Any]] = [
        {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None} for delta in deltas
    ]
    choices.append({"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"})
    kind = "chat.completion.chunk"
    events = [orjson.dumps(envelope(kind, [choice], None)) for choice in choices]
    events += [orjson.dumps(envelope(kind, [], USAGE)), b"[DONE]"]
    return [_STREAM_HEAD, *(http_chunk(b"data: " + event + b"\n\n") for event in events), b"0\r\n\r\n"]


class Answers:
    """All that the server can say, and how many model calls it has answered."""

    def __init__(self) -> None:
        self.completion = completion()
        self.parts = stream()
        self.stream = b"".join(self.parts)
        self.models = http({"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        self.n_calls = 0


class Connection(asyncio.Protocol):
    """One HTTP/1.1 keep-alive connection."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._rest = b""
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self._transport = transport  # type: ignore[assignment]  # a TCP server's transport can write

    def data_received(self, data: bytes) -> None:
        """Answer every request that has arrived in full; the rest waits for more bytes."""
        data = self._rest + data
        while (head_end := data.find(HEAD_END)) >= 0:
            head, body_start = data[:head_end], head_end + len(HEAD_END)
            body_end = body_start + content_length(head)
            if len(data) < body_end:
                break
            self._answer(head.split(b" ", 2)[1], data[body_start:body_end])
            data = data[body_end:]
        self._rest = data

    def _answer(self, path: bytes, body: bytes) -> None:
        answers = self._answers
        if path == b"/served":
            self._transport.write(http({"model_calls": answers.n_calls}))
        elif not path.endswith(b"/chat/completions"):
            self._transport.write(answers.models)
        else:
            answers.n_calls += 1
            if b'"stream":true' not in body and b'"stream": true' not in body:
                self._transport.write(answers.completion)
            elif PACED.encode() in body:
                self._write_paced(iter(answers.parts))
            else:
                self._transport.write(answers.stream)

    def _write_paced(self, parts: Iterator[bytes]) -> None:
        part = next(parts, None)
        if part is not None and not self._transport.is_closing():
            self._transport.write(part)
            asyncio.get_running_loop().call_later(GAP_S, self._write_paced, parts)


@contextmanager
def serving(n_servers: int = 1) -> Iterator[list[str]]:
    """Run servers, each in a process of its own, and give their base URLs, which end in `/v1`."""
    with ExitStack() as stack:
        yield [stack.enter_context(_serving()) for _ in range(n_servers)]


@contextmanager
def _serving() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.instant_server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{orjson.loads(process.stdout.readline())['port']}/v1"
        finally:
            process.stdin.close()


def n_served(base_url: str) -> int:
    """Ask a server how many model calls it has answered so far."""
    with urlopen(base_url.removesuffix("/v1") + "/served") as reply:  # noqa: S310 - our own server
        return int(orjson.loads(reply.read())["model_calls"])


async def serve() -> None:
    """Listen on a free port, print it, and end when stdin closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Connection, Answers()), "127.0.0.1", 0, backlog=BACKLOG)
    print(orjson.dumps({"port": server.sockets[0].getsockname()[1]}).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.close()


def main() -> None:
    """Run the server, on uvloop where it is installed."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())


if __name__ == "__main__":
    main()
