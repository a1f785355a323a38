"""A streamed reply to a client: begun with the first content, ended with `[DONE]` or with an error event."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Final

from aiohttp import web

from mainspring.core.errors import ModelError
from mainspring.models.chat import ChatModel
from mainspring.models.pool.member import Member
from mainspring.serve.forwarding import as_error, as_events
from mainspring.serve.refusals import refusal_of

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
        self._request = request
        self._member_header = member_header
        self._response = web.StreamResponse(headers={**_HEADERS, **headers})

    async def begin(self, member: Member[ChatModel]) -> None:
        """Send the headers."""
        self._response.headers[self._member_header] = member.name
        await self._response.prepare(self._request)

    async def write(self, events: Sequence[bytes]) -> None:
        """Send events."""
        await self._response.write(as_events(events))

    async def of(self, stream: Awaitable[None]) -> web.StreamResponse:
        """Let a stream be written here, and end it.

        Raises:
            ModelError: It came to nothing before it began.
        """
        try:
            await stream
        except ModelError as error:
            if not self._response.prepared:
                raise
            refusal = refusal_of(error)
            await self._response.write(as_error(refusal.message, refusal.type))
        else:
            await self._response.write(as_events([b"[DONE]"]))
        await self._response.write_eof()
        return self._response
