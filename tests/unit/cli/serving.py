"""A small server for the tests: files, and a chat completions endpoint that does as it is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    """Serves `files` under their paths, and answers chat completions."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        """Give a file, or the list of models."""
        if self.path == "/v1/models":
            self._send(json.dumps({"data": [{"id": "m", "max_model_len": 4096}]}).encode())
        else:
            self._send(self.files.get(self.path))

    def do_HEAD(self) -> None:
        """Tell a file's size."""
        self._send(self.files.get(self.path))

    def do_POST(self) -> None:
        """Answer in JSON where a schema asks for it, in words otherwise."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = '{"thought": "", "answer": "hello"}' if "response_format" in asked else "hello"
        choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        self._send(json.dumps({"model": "m", "choices": [choice]}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""

    def _send(self, body: bytes | None) -> None:
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body or b"")


@contextmanager
def serving(**files: bytes) -> Iterator[str]:
    """Serve files by name, and give the address."""
    kind = type("Files", (Handler,), {"files": {f"/{name}": body for name, body in files.items()}})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
