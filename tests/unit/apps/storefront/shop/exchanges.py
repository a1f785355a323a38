"""A server on a real socket that plays recorded exchanges with Stripe, in the form its API reference documents."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qsl, unquote_plus

RECORDED: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "stripe_exchanges.json").read_text("utf-8"))
HANG: Final = "hang"
"""Read the request, and say nothing until the client hangs up."""


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    form: dict[str, str]
    idempotency_key: str | None


class Exchanges:
    """Answers each request with the next of the named exchanges.

    Args:
        names: Exchanges in `stripe_exchanges.json`, or `hang`.
    """

    def __init__(self, *names: str) -> None:
        self._names = list(names)
        self.expected = [Asked(**RECORDED[name]["request"]) for name in names if name != HANG]
        self.asked: list[Asked] = []
        """Every request so far."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exchanges = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                exchanges.answer(self)

            def do_POST(self) -> None:
                exchanges.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Say nothing."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request with the next exchange."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0)).decode()
        form = dict(parse_qsl(body))
        key = request.headers.get("Idempotency-Key") if request.command == "POST" else None
        self.asked.append(Asked(request.command, unquote_plus(request.path), form, key))
        name = self._names.pop(0) if self._names else ""
        if name == HANG:
            request.rfile.read(1)
            return
        response: dict[str, Any] = RECORDED[name]["response"] if name else {"status": 418, "body": {}}
        data = json.dumps(response["body"]).encode()
        request.send_response(response["status"])
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)
