"""A streamed reply to a client: begun with the first content, ended with `[DONE]` or with an error event."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from aiohttp import web

from mainspring.models.chat import ChatModel
from mainspring.models.pool.member import Member
from mainspring.serve.forwarding import Gone, as_events
from mainspring.serve.refusals import Refusal

_HEADERS: Final = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""The last one keeps an nginx on the way from collecting the events."""


class StreamedReply:
    """The client's end of a stream.

    Args:
        request: What it answers.
        headers: Headers besides those of any stream.
        member_header: The header that says who answers.
    """

    def __init__(self, request: web.Request, headers: Mapping[str, str], member_header: str) -> None:
        self.response = web.StreamResponse(headers={**_HEADERS, **headers})
        self._request = request
        self._member_header = member_header

    @property
    def has_begun(self) -> bool:
        """Whether the client was told that there is one."""
        return self.response.prepared

    async def begin(self, member: Member[ChatModel]) -> None:
        """Send the headers."""
        self.response.headers[self._member_header] = member.name
        with _reached():
            await self.response.prepare(self._request)

    async def write(self, events: Sequence[bytes]) -> None:
        """Send events."""
        with _reached():
            await self.response.write(as_events(events))

    async def end(self) -> None:
        """Say that it is complete."""
        with _reached():
            await self.write([b"[DONE]"])
            await self.response.write_eof()

    async def break_off(self, refusal: Refusal) -> None:
        """Say that it is not, if anybody listens."""
        with suppress(Gone), _reached():
            await self.write([refusal.body])
            await self.response.write_eof()


@contextmanager
def _reached() -> Iterator[None]:
    """Name it where the client is not reached."""
    try:
        yield
    except ConnectionError as error:
        raise Gone from error
