"""Around each request: it has a name, an answer whatever goes wrong, a place in the figures, and an end.

A stream that has begun can only be told of an error in its last event; it counts as what that says, not as the 200
that it began with.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from mainspring.core.errors import JournalError, MainspringError
from mainspring.serve.forwarding import Gone, Served
from mainspring.serve.metrics import Metrics
from mainspring.serve.refusals import STOPPED, Refusal, Refused, refusal_of, too_large
from mainspring.serve.reply import StreamedReply

_log = logging.getLogger("mainspring.gateway")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ID: Final = "X-Request-Id"
_PLAIN: Final = re.compile(r"[!-~]{1,128}")
_GONE: Final = 499
"""What nginx calls a client that went away."""


@dataclass(slots=True)
class Record:
    """What is known of a request while it is answered."""

    id: str
    """Its name, the client's or one of ours."""
    key: str = ""
    model: str = ""
    served: Served = field(default_factory=Served)
    reply: StreamedReply | None = None
    """Where the reply goes, if it is streamed."""


RECORD: Final = web.RequestKey("record", Record)
"""Where a request has its record."""


class Requests:
    """All requests.

    Args:
        metrics: Told of those that have ended.
        max_body_bytes: The largest request that is read, for errors.
    """

    def __init__(self, metrics: Metrics, max_body_bytes: int) -> None:
        self.is_draining = False
        """Whether no more of them should come."""
        self._metrics = metrics
        self._max_body_bytes = max_body_bytes
        self._in_progress: set[asyncio.Task[object]] = set()
        self._is_over = False

    async def end(self, grace_s: float) -> None:
        """Give what is in progress its time, and then end it with an error."""
        self.is_draining = True
        loop = asyncio.get_running_loop()
        until_s = loop.time() + grace_s
        while self._in_progress and (left_s := until_s - loop.time()) > 0:
            await asyncio.wait(self._in_progress, timeout=left_s)
        self._is_over = True
        for task in self._in_progress:
            task.cancel()

    @web.middleware
    async def around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Name the request, answer what goes wrong, and count."""
        given = request.headers.get(ID, "")
        record = Record(given if _PLAIN.fullmatch(given) else secrets.token_hex(12))
        request[RECORD] = record
        began_s = time.perf_counter()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it runs in one
        self._in_progress.add(task)
        self._metrics.in_progress += 1
        status = _GONE
        try:
            response, status = await self._answered(request, handler, record)
        finally:
            self._in_progress.discard(task)
            self._metrics.in_progress -= 1
            self._ended(request, record, status, time.perf_counter() - began_s)
        if not response.prepared:
            response.headers[ID] = record.id
            if self.is_draining:
                response.force_close()
        return response

    async def _answered(
        self, request: web.Request, handler: Handler, record: Record
    ) -> tuple[web.StreamResponse, int]:
        """Give the answer, and the status that it counts as."""
        try:
            response = await handler(request)
        except asyncio.CancelledError:
            if not self._is_over:
                raise
            refusal = STOPPED
        except Exception as error:  # noqa: BLE001 - one request with a bug must not end the others
            if isinstance(error, Gone) and record.reply is not None:
                return record.reply.response, _GONE
            refusal = self._refusal(error, record.id)
        else:
            return response, response.status
        if record.reply is not None and record.reply.has_begun:
            await record.reply.break_off(refusal)
            return record.reply.response, refusal.status
        return _refused(refusal), refusal.status

    def _refusal(self, error: Exception, name: str) -> Refusal:
        match error:
            case Refused():
                return error.refusal
            case MainspringError():
                if isinstance(error, JournalError):  # what clients are told of it says little
                    _log.warning("%s came to nothing: %s", name, error)
                return refusal_of(error)
            case web.HTTPRequestEntityTooLarge():
                return too_large(self._max_body_bytes)
            case web.RequestPayloadError():
                return Refusal(400, f"the request cannot be read: {error}")
            case web.HTTPException():
                return Refusal(error.status, f"{error.reason}; the gateway serves what is below /v1")
        _log.error("%s is a bug of the gateway", name, exc_info=error)
        return Refusal(500, f"the gateway has a bug; its log has more under {name}", "server_error")

    def _ended(self, request: web.Request, record: Record, status: int, seconds: float) -> None:
        place = request.match_info.route.resource
        path = "" if place is None else place.canonical  # whatever a client makes up is one label
        self._metrics.took(path, record.model, status, seconds, record.served.first_s)
        level = logging.DEBUG if status < 400 else logging.INFO
        if _log.isEnabledFor(level):
            said = {"request": record.id, "path": request.path, "model": record.model, "status": status}
            more = {"seconds": round(seconds, 4), "member": record.served.member, "key": record.key}
            _log.log(level, "%s", _line(said | more), extra=said | more)


def _line(said: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in said.items() if value != "")


def _refused(refusal: Refusal) -> web.Response:
    return web.Response(
        body=refusal.body, status=refusal.status, content_type="application/json", headers=refusal.headers
    )
