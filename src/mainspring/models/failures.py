"""What goes wrong between us and a model server, as errors with a name.

Which statuses may pass is said here once: 408, 409, 425, 429 and 5xx (`ModelUnavailable`); any other one is the
caller's to mend (`ModelRefused`). Words of a server are shown without the key that was sent to it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Protocol

import orjson

from mainspring.core.errors import ModelRefused, ModelUnavailable, ModelUnreachable
from mainspring.models.patience import retry_after_s

_MAY_PASS: Final = frozenset({408, 409, 425, 429})
_HINTS: Final = {
    401: "check the API key",
    403: "the key may not use this model",
    404: "check the model's name and that the base URL ends in /v1",
}


class Place(Protocol):
    """Where a server listens, as errors name it."""

    @property
    def base_url(self) -> str:
        """Up to and including `/v1`."""
        ...

    def hide(self, words: str) -> str:
        """Take secrets out of words."""
        ...


@cache
def client_error() -> type[Exception]:
    """Give the type of aiohttp's own errors; aiohttp is loaded at the first call of a model."""
    from aiohttp import ClientError

    return ClientError


def unreachable(place: Place, error: Exception) -> ModelUnavailable:
    """Make the error of a connection that was not made, or broke off."""
    from aiohttp import ClientConnectorError, ConnectionTimeoutError

    is_connected = not isinstance(error, (ClientConnectorError, ConnectionTimeoutError))
    kind = ModelUnavailable if is_connected else ModelUnreachable
    return kind(
        f"model server {place.base_url} {'broke off' if is_connected else 'cannot be reached'} "
        f"({type(error).__name__}: {place.hide(str(error))}); check that it runs and that the base URL is right"
    )


def parse(data: bytes, place: Place) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ModelUnavailable: It is a web page, half a document, or an error object in place of a reply.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        start = place.hide(data.decode(errors="replace"))[:80]
        raise ModelUnavailable(
            f"model server {place.base_url} answered something that is not JSON ({start!r}); is the base URL right?"
        ) from error
    if not isinstance(value, dict):
        raise ModelUnavailable(
            f"model server {place.base_url} answered JSON that is not an object: {place.hide(repr(value)):.80}"
        )
    if value.get("error"):
        raise ModelUnavailable(f"model server {place.base_url} reported an error: {words(data, place)}")
    return value


def refusal(status: int, headers: Mapping[str, str], body: bytes, place: Place) -> ModelRefused | ModelUnavailable:
    """Make the error of a status that is not 200."""
    message = f"model server {place.base_url} answered {status}: {words(body, place)}"
    if status in _MAY_PASS or status >= 500:
        return ModelUnavailable(message, retry_after_s=retry_after_s(headers), status=status)
    hint = _HINTS.get(status)
    return ModelRefused(f"{message} ({hint})" if hint else message, status=status, code=_code(body))


def words(body: bytes, place: Place) -> str:
    """Find the words in an error body, in OpenAI's shape or whatever it is."""
    try:
        value = orjson.loads(body)
        error = value.get("error", value)
        return place.hide(str(error.get("message", error) if isinstance(error, dict) else error))[:500]
    except (orjson.JSONDecodeError, AttributeError):
        return place.hide(body.decode(errors="replace"))[:200].strip() or "no words"


def _code(body: bytes) -> str | None:
    """Find what a server calls an error, where it says so in OpenAI's shape."""
    try:
        code = orjson.loads(body)["error"]["code"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return code if isinstance(code, str) else None
