"""A server on a real socket that plays scripted raw HTTP responses and remembers what it was asked."""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

import aiohttp  # noqa: F401 - the client loads it at its first call; no deadline of a test should run meanwhile

HANG: Literal["hang"] = "hang"
"""Read the request, and say nothing until the client hangs up."""

RESET: Literal["reset"] = "reset"
"""Read the request, and reset the connection."""

_DRIP_S = 0.02


@dataclass(frozen=True, slots=True)
class Drip:
    """Written again and again, until the client hangs up."""

    data: bytes


Packet = bytes | asyncio.Event | Drip
Packets = Sequence[Packet]
"""Written one by one, each read by the client before the next is written; an event is waited for."""

Step = bytes | Packets | Literal["hang", "reset"]


class Serve(Protocol):
    """Starts servers."""

    def __call__(self, *script: Step) -> Awaitable["Wire"]:
        """Start one."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that was sent."""
        body: dict[str, Any] = json.loads(self.raw)
        return body


class Wire:
    """A server; each request is answered by the next step of its script.

    Args:
        script: What to answer, in order.
        listener: A socket that listens already; one of its own if not given.
        tls: Its certificate, where it speaks HTTPS.
    """

    def __init__(
        self, *script: Step, listener: socket.socket | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.script = script
        self.listener = listener or socket.create_server(("127.0.0.1", 0))
        self.tls = tls
        self.asked: list[Asked] = []
        """Every request so far."""
        self.was_asked = asyncio.Event()
        """Set once a request has come in."""
        self.hung_up = asyncio.Event()
        """Set once the client has closed a connection."""
        self.n_connections = 0
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.listener.getsockname()[1]}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The JSON object of every request."""
        return [asked.body for asked in self.asked]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, sock=self.listener, ssl=self.tls)
        return self

    async def __aexit__(self, *problem: object) -> None:
        self._server.close()
        for writer in self._serving.values():
            writer.transport.abort()
        await asyncio.gather(*self._serving)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.n_connections += 1
        self._serving[task] = writer
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (asked := await _read(reader)) is not None:
                place = len(self.asked)
                self.asked.append(asked)
                self.was_asked.set()
                step = (
                    self.script[place] if place < len(self.script) else answer(b"{}", status="418 Script is over")
                )
                await self._play(step, reader, writer)
        except ConnectionError:
            pass
        finally:
            self.hung_up.set()
            del self._serving[task]
            writer.close()

    async def _play(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if step == HANG:
            await reader.read()
        elif step == RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        else:
            packets: Packets = [step] if isinstance(step, bytes) else step
            for packet in packets:
                await _play_packet(packet, writer)
            if any(isinstance(packet, bytes) and b"Connection: close" in packet for packet in packets):
                writer.close()


async def _play_packet(packet: Packet, writer: asyncio.StreamWriter) -> None:
    if isinstance(packet, asyncio.Event):
        await packet.wait()
        return
    while isinstance(packet, Drip):
        writer.write(packet.data)
        await writer.drain()
        await asyncio.sleep(_DRIP_S)
    writer.write(packet)
    await writer.drain()
    for _ in range(3):
        await asyncio.sleep(0)  # the client shares this event loop: let it read


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode().splitlines()
    method, path, _ = first.split()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def answer(
    body: bytes | str | dict[str, Any],
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    headers: Sequence[str] = (),
) -> bytes:
    """Write a whole HTTP response."""
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(data)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + data


def completion(content: str | None = None, **fields: Any) -> dict[str, Any]:
    """Write a chat completion; `finish_reason`, `usage` and `model` stand beside the message, the rest in it."""
    finish_reason = fields.pop("finish_reason", "stop")
    around = {name: fields.pop(name) for name in ("usage", "model") if name in fields}
    message = {"role": "assistant", "content": content} | fields
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]} | around


def said(content: str | None = None, **fields: Any) -> bytes:
    """Answer with a chat completion."""
    return answer(completion(content, **fields))


def tool_call(name: str, arguments: str, call_id: str = "call_abc") -> dict[str, Any]:
    """Write a native tool call."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def refusal(status: str, message: str = "no", headers: Sequence[str] = ("Retry-After: 0",)) -> bytes:
    """Answer with an error in OpenAI's form."""
    return answer({"error": {"message": message}}, status=status, headers=headers)


def chunk(delta: dict[str, Any] | None = None, finish_reason: str | None = None, **around: Any) -> bytes:
    """Write a server-sent event with a piece of a completion; without a delta it has no choices."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    return b"data: " + json.dumps({"choices": choices} | around).encode() + b"\n\n"


def spoken(*pieces: str) -> list[bytes]:
    """Write the chunks of a whole reply, without the end of the stream."""
    return [*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop")]


DONE = b"data: [DONE]\n\n"
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"


def stream(*events: Packet) -> Packets:
    """Answer with server-sent events, and say how long they are."""
    size_bytes = sum(len(event) for event in events if isinstance(event, bytes))
    return [_STREAM_HEAD + b"Content-Length: %d\r\n\r\n" % size_bytes, *events]


def endless_stream(*events: Packet) -> Packets:
    """Answer with server-sent events of no given length, and close the connection behind them."""
    return [_STREAM_HEAD + b"Connection: close\r\n\r\n", *events]


def stalled_stream(*events: Packet) -> Packets:
    """Answer with server-sent events, and then say nothing more though more was announced."""
    return [_STREAM_HEAD + b"Content-Length: 1000000\r\n\r\n", *events]


def broken_stream(*events: Packet) -> Packets:
    """Answer with server-sent events, and close the connection though more was announced."""
    return [_STREAM_HEAD + b"Connection: close\r\nContent-Length: 1000000\r\n\r\n", *events]
