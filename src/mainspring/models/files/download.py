"""Bytes over HTTP with the standard library: ask first, then read, and continue where a connection broke.

What it keeps true: a server that names another size or another SHA-256 is left before its bytes are read, and a
broken connection costs only the bytes that were on their way.
"""

import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from typing import IO

from mainspring.core.errors import DownloadError
from mainspring.models.files.catalog import CatalogEntry, HuggingFace, Url
from mainspring.models.files.partial import Partial, SourceFailed
from mainspring.models.files.store import CHUNK_BYTES

_CONNECT_TIMEOUT_S = 5.0
_READ_TIMEOUT_S = 30.0
_ATTEMPTS_WITHOUT_PROGRESS = 3
_PAUSE_S = 0.2
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HEAD_NOT_KNOWN = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}


def from_http(source: HuggingFace | Url, partial: Partial) -> None:
    """Append what is missing of the file from its address.

    Raises:
        SourceFailed: The server is out of reach, has another file, or stopped giving bytes.
        DownloadError: The disk is full.
    """
    address = address_of(source)
    _ask(address, partial.entry)
    stalled = 0
    while partial.missing_bytes:
        before, why = partial.done_bytes, _read(address, partial)
        stalled = 0 if partial.done_bytes > before else stalled + 1
        if partial.missing_bytes and stalled == _ATTEMPTS_WITHOUT_PROGRESS:
            raise SourceFailed(f"it stopped after {partial.done_bytes} bytes: {why}")
        if stalled:
            time.sleep(_PAUSE_S * stalled)


def address_of(source: HuggingFace | Url) -> str:
    """Say the address of the source's file; `HF_ENDPOINT` replaces Hugging Face's own host."""
    if isinstance(source, Url):
        return source.url
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    path = urllib.parse.quote(source.path)
    return f"{endpoint.rstrip('/')}/{source.repository}/resolve/{source.revision}/{path}"


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but not away from an answer that already names the file's hash."""

    def redirect_request(  # The signature is the standard library's.
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.get_method() == "HEAD" and headers.get("X-Linked-Etag"):
            return None
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:
            following.method = req.get_method()
        return following


def _open(address: str, headers: dict[str, str], *, method: str, timeout_s: float) -> http.client.HTTPResponse:
    # Only http and https handlers: an address in a user's file cannot reach into the file system.
    opener = urllib.request.OpenerDirector()
    kinds: tuple[Callable[[], urllib.request.BaseHandler], ...] = (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        _Redirects,
    )
    for kind in kinds:
        opener.add_handler(kind())
    request = urllib.request.Request(  # noqa: S310  # The opener knows no other scheme.
        address, headers={"User-Agent": "mainspring", **headers}, method=method
    )
    response = opener.open(request, timeout=timeout_s)
    if not isinstance(response, http.client.HTTPResponse):
        raise SourceFailed(f"{address!r} is not an http or https address")
    return response


def _ask(address: str, entry: CatalogEntry) -> None:
    """Leave a server that is away or has another file, at the cost of one HEAD request."""
    try:
        with _open(address, {}, method="HEAD", timeout_s=_CONNECT_TIMEOUT_S) as response:
            headers: Message = response.headers
    except urllib.error.HTTPError as error:
        with error:
            if error.code in _HEAD_NOT_KNOWN:
                return
            if not error.headers.get("X-Linked-Etag"):
                raise SourceFailed(f"the server answers {error.code} {error.reason}") from error
            headers = error.headers
    except (OSError, http.client.HTTPException) as error:
        raise SourceFailed(f"cannot be reached: {_reason(error)}") from error
    tag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/").strip('"')
    if _SHA256.fullmatch(tag) and tag != entry.sha256:
        raise SourceFailed(f"its file has another SHA-256, {tag}")
    size = headers.get("X-Linked-Size") or headers.get("Content-Length")
    if size and size.isdecimal() and int(size) != entry.size_bytes:
        raise SourceFailed(f"its file has {size} bytes, not {entry.size_bytes}")


def _read(address: str, partial: Partial) -> str:
    """Append until the connection ends; say why it ended."""
    headers = {"Range": f"bytes={partial.done_bytes}-"} if partial.done_bytes else {}
    try:
        with _open(address, headers, method="GET", timeout_s=_READ_TIMEOUT_S) as response:
            if partial.done_bytes and not _continues(response, partial.done_bytes):
                partial.restart()
            while chunk := response.read(CHUNK_BYTES):
                partial.write(chunk)
    except DownloadError:
        raise
    except urllib.error.HTTPError as error:
        with error:
            return f"the server answers {error.code} {error.reason}"
    except (OSError, http.client.HTTPException) as error:
        return _reason(error)
    return "the connection was closed early"


def _continues(response: http.client.HTTPResponse, offset_bytes: int) -> bool:
    start = f"bytes {offset_bytes}-"
    return response.status == HTTPStatus.PARTIAL_CONTENT and response.headers.get("Content-Range", "").startswith(
        start
    )


def _reason(error: Exception) -> str:
    return str(error.reason if isinstance(error, urllib.error.URLError) else error) or repr(error)
