"""A very cheap OpenAI-compatible server whose answers are scripted by the model's name.

It keeps no state of a conversation. `mock-N-D` asks for one native call `add(a, b)` until the request holds N
tool results and then answers "done", each time after D milliseconds; `stream-K` answers K words, one per
streamed chunk. The arguments differ at every step. A request that offers a tool `final_answer` gets "done" as
a call of it, because some agents accept an answer in no other way.

The server is a process of its own, so that its work never counts as the client's: it prints its port as JSON
and ends when its stdin closes. Chunks of a stream are sent back to back, each as one HTTP chunk.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parent.parent
HEAD_END = b"\r\n\r\n"
BACKLOG = 1024
"""Connections that may wait to be accepted: hundreds of runs connect in the same instant."""

Json = dict[str, Any]


@contextmanager
def serving() -> Iterator[str]:
    """Run the server in a process of its own and give its base URL, which ends in `/v1`."""
    command = [sys.executable, "-m", "benchmarks.scripted_server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = orjson.loads(process.stdout.readline())["port"]
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.stdin.close()


@dataclass(slots=True)
class Tally:
    """What the server has answered so far, over all its connections."""

    model_calls: int = 0


class Connection(asyncio.Protocol):
    """One HTTP/1.1 keep-alive connection: collects whole requests and answers them."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.buffer = bytearray()
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self.transport = transport  # type: ignore[assignment]  # a TCP server's transport can write

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the transport: a delayed answer then goes nowhere."""
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Answer every request that has arrived in full; the rest waits for more bytes."""
        self.buffer += data
        while (head_end := self.buffer.find(HEAD_END)) >= 0:
            head = bytes(self.buffer[:head_end])
            body_start = head_end + len(HEAD_END)
            body_end = body_start + content_length(head)
            if len(self.buffer) < body_end:
                return
            body = bytes(self.buffer[body_start:body_end])
            del self.buffer[:body_end]
            self.answer(head.split(b" ", 2)[1], body)

    def answer(self, path: bytes, body: bytes) -> None:
        """Answer one request, a model call after the delay that its script asks for."""
        if path.endswith(b"/chat/completions"):
            self.tally.model_calls += 1
            request = orjson.loads(body)
            script = Script.of(request["model"])
            reply = respond(request, script)
            if script.delay_s:
                asyncio.get_running_loop().call_later(script.delay_s, self.send, reply)
            else:
                self.send(reply)
        elif path.endswith(b"/models"):
            names = [{"id": name, "object": "model"} for name in ("mock-1-0", "stream-100")]
            self.send(http({"object": "list", "data": names}))
        elif path == b"/served":
            self.send(http({"model_calls": self.tally.model_calls}))
        else:
            self.send(http({"error": {"message": f"no such path: {path.decode()}"}}, status=b"404 Not Found"))

    def send(self, reply: bytes) -> None:
        """Write the reply where the client is still there."""
        if self.transport is not None:
            self.transport.write(reply)


@dataclass(frozen=True, slots=True)
class Script:
    """What a model's name asks for."""

    n_tool_calls: int = 0
    delay_s: float = 0.0
    n_chunks: int = 0

    @classmethod
    def of(cls, model: str) -> "Script":
        """Read `mock-N-D` or `stream-K`."""
        kind, *numbers = model.split("-")
        if kind == "stream":
            return cls(n_chunks=int(numbers[0]))
        return cls(n_tool_calls=int(numbers[0]), delay_s=int(numbers[1]) / 1000)


def respond(request: Json, script: Script) -> bytes:
    """Build the whole HTTP reply to one chat completion."""
    deltas, finish_reason = reply_of(request, script)
    if request.get("stream"):
        return sse(request, deltas, finish_reason)
    message = {"role": "assistant", "content": None, **deltas[0]}
    if script.n_chunks:
        message["content"] = "".join(delta["content"] for delta in deltas)
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return http({**envelope(request, "chat.completion"), "choices": [choice], "usage": USAGE})


def reply_of(request: Json, script: Script) -> tuple[list[Json], str]:
    """Say what the assistant answers, as the deltas of a stream, and why it ends there."""
    if script.n_chunks:
        return [{"content": f"word{index} "} for index in range(script.n_chunks)], "stop"
    n_results = count_tool_results(request["messages"])
    if n_results < script.n_tool_calls:
        return [call("add", n_results, {"a": n_results, "b": 1})], "tool_calls"
    if any(tool["function"]["name"] == "final_answer" for tool in request.get("tools", ())):
        return [call("final_answer", n_results, {"answer": "done"})], "tool_calls"
    return [{"content": "done"}], "stop"


def count_tool_results(messages: list[Json]) -> int:
    """Count the results of tools: messages of role `tool`, or observations told as the user's words."""
    native: int = sum(message["role"] == "tool" for message in messages)
    return native or sum(message["role"] == "user" and is_observation(message["content"]) for message in messages)


def is_observation(content: str | list[Json]) -> bool:
    """Tell whether a user's message is a tool's result in the text form of ReAct."""
    text = content if isinstance(content, str) else content[0].get("text", "")
    return text.startswith("Observation")


def call(name: str, step: int, arguments: Json) -> Json:
    """Build the delta that calls one tool."""
    function = {"name": name, "arguments": orjson.dumps(arguments).decode()}
    return {"tool_calls": [{"index": 0, "id": f"call_{step}", "type": "function", "function": function}]}


USAGE = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}


def envelope(request: Json, kind: str) -> Json:
    """Build the fields that every reply and every chunk carries."""
    return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": request["model"]}


def sse(request: Json, deltas: list[Json], finish_reason: str) -> bytes:
    """Build a streamed reply: a chunk for each delta, one that says why it ended, one with the usage."""
    head = envelope(request, "chat.completion.chunk")
    choices = [{"index": 0, "delta": {"role": "assistant", **deltas[0]}, "finish_reason": None}]
    choices += [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas[1:]]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish_reason})
    events = [orjson.dumps({**head, "choices": [choice]}) for choice in choices]
    if (request.get("stream_options") or {}).get("include_usage"):
        events.append(orjson.dumps({**head, "choices": [], "usage": USAGE}))
    events.append(b"[DONE]")
    body = b"".join(http_chunk(b"data: " + event + b"\n\n") for event in events)
    top = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return top + body + b"0\r\n\r\n"


def http_chunk(data: bytes) -> bytes:
    """Frame bytes as one chunk of HTTP's chunked transfer encoding."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def http(value: Json, status: bytes = b"200 OK") -> bytes:
    """Build a whole JSON reply."""
    body = orjson.dumps(value)
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


def content_length(head: bytes) -> int:
    """Read the length of the body from a request's head; a request that names none has no body."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve() -> None:
    """Listen on a free port, print it, and end when stdin closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(Connection, Tally()), "127.0.0.1", 0, backlog=BACKLOG)
    print(orjson.dumps({"port": server.sockets[0].getsockname()[1]}).decode(), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.close()


def main() -> None:
    """Run the server, on uvloop where it is installed."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve())


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Choose the event loop: uvloop where it is installed."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
