"""Who may ask the server of a review: whoever knows the token, from the page that it served.

The token in the address keeps out other users of the machine and other pages; the host must be this machine by
name, so that no other site's name can be made to point here; what changes something must come from the page itself.
What a browser is started with can be read by others too, so that is a ticket which leads to the page once. The page
may load nothing from anywhere else, and runs no script but its own file.
"""

import hmac
import ipaddress
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    hdrs.CACHE_CONTROL: "no-store",
}


def is_local(host: str) -> bool:
    """Tell whether a Host header names this machine, whatever its port: it may come through a tunnel."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_same_origin(request: web.Request) -> bool:
    """Tell whether a request comes from the page; one that changes something must say so."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return request.method in {hdrs.METH_GET, hdrs.METH_HEAD}
    return origin == f"http://{request.headers.get(hdrs.HOST, '')}"


def guard(token: str, ticket: str = "") -> Middleware:
    """Make what lets requests in.

    Args:
        token: What must stand first in the path.
        ticket: Leads to the page once, as `/open/{ticket}`; whoever sees it afterwards can do nothing with it.
    """
    unused = {f"/open/{ticket}"} if ticket else set()

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in unused and is_local(request.headers.get(hdrs.HOST, "")):
            unused.clear()
            response: web.StreamResponse = web.Response(status=303, headers={hdrs.LOCATION: f"/{token}/"})
        else:
            response = refused(request, token) or await _answered(request, handler)
        response.headers.update(HEADERS)
        return response

    return guarded


def refused(request: web.Request, token: str) -> web.StreamResponse | None:
    """Refuse a request; None where it may come in."""
    if not is_local(request.headers.get(hdrs.HOST, "")):
        return refusal(403, "this is not the name of this machine")
    if not is_same_origin(request):
        return refusal(403, "this does not come from the page")
    given = request.path.split("/")[1].encode(errors="surrogateescape")
    if not hmac.compare_digest(given, token.encode()):
        return refusal(404, "nothing is here; use the whole address that `mainspring data show` printed")
    return None


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return refusal(error.status, error.reason)


def refusal(status: int, says: str) -> web.Response:
    """Make a response that says in words why something is not done."""
    return web.json_response({"error": says}, status=status)
