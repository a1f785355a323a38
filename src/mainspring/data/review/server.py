"""The server of a review: the page, and what the page asks.

GET  /{token}/                     the page; `page.css` and `page.js` beside it
GET  .../api/standing              how far the looking is, and how much there is to filter
GET  .../api/examples?...          rows that match a filter, some at a time
GET  .../api/examples/{id}         one example beside its source
GET  .../api/texts/{document}      a document's text between two offsets
POST .../api/examples/{id}/check   what the checks object to in other words
POST .../api/examples/{id}/decision  keep, drop, edit, or take that back
POST .../api/dataset               write the dataset by what was decided
"""

import asyncio
from importlib.resources import files
from typing import Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError

from mainspring.core.errors import MainspringError
from mainspring.data.document import Value
from mainspring.data.review.decisions import Wish
from mainspring.data.review.filters import Filter
from mainspring.data.review.guard import guard, refusal
from mainspring.data.review.review import Review

_PAGE: Final = {
    "": ("index.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
}
_N_ROWS: Final = 50


class _Asked(Filter):
    """The query of a request for rows."""

    after: str = ""
    before: str = ""
    first: str = ""


class _Range(Value):
    """The query of a request for text."""

    start: int
    end: int


def review_app(review: Review, token: str, ticket: str = "") -> web.Application:
    """Make the application that serves the page of a review.

    Args:
        review: What is looked at.
        token: What must stand first in the path of every request.
        ticket: Leads to the page once, as `/open/{ticket}`.
    """
    app = web.Application(middlewares=[guard(token, ticket), _worded])
    pages = _Pages(review)
    app.add_routes(
        [
            web.get("/{token}/{file:|page[.]css|page[.]js}", pages.file),
            web.get("/{token}/api/standing", pages.standing),
            web.get("/{token}/api/examples", pages.rows),
            web.get("/{token}/api/examples/{id}", pages.example),
            web.get("/{token}/api/texts/{document}", pages.text),
            web.post("/{token}/api/examples/{id}/check", pages.check),
            web.post("/{token}/api/examples/{id}/decision", pages.decide),
            web.post("/{token}/api/dataset", pages.write),
        ]
    )
    return app


class _Pages:
    def __init__(self, review: Review) -> None:
        self._review = review

    async def file(self, request: web.Request) -> web.StreamResponse:
        name, kind = _PAGE[request.match_info["file"]]
        text = (files("mainspring.data.review") / "page" / name).read_text("utf-8")
        return web.Response(text=text, content_type=kind, charset="utf-8")

    async def standing(self, _: web.Request) -> web.StreamResponse:
        return _json(await asyncio.to_thread(lambda: self._review.standing))

    async def rows(self, request: web.Request) -> web.StreamResponse:
        asked = _Asked.model_validate({name: value for name, value in request.query.items() if value})
        at = {"after": asked.after, "before": asked.before, "first": asked.first}
        return _json(await asyncio.to_thread(self._review.rows, asked, _N_ROWS, **at))

    async def example(self, request: web.Request) -> web.StreamResponse:
        return _found(await asyncio.to_thread(self._review.example, request.match_info["id"]))

    async def text(self, request: web.Request) -> web.StreamResponse:
        wanted = _Range.model_validate(dict(request.query))
        document = request.match_info["document"]
        return _found(await asyncio.to_thread(self._review.text, document, wanted.start, wanted.end))

    async def check(self, request: web.Request) -> web.StreamResponse:
        wish = await _body(request, Wish)
        return _json(await asyncio.to_thread(self._review.objections, request.match_info["id"], wish))

    async def decide(self, request: web.Request) -> web.StreamResponse:
        wish = await _body(request, Wish)
        return _found(await asyncio.to_thread(self._review.decide, request.match_info["id"], wish))

    async def write(self, _: web.Request) -> web.StreamResponse:
        return _json(await asyncio.to_thread(self._review.write))


@web.middleware
async def _worded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say in words what went wrong, where that is the user's or the machine's doing."""
    try:
        return await handler(request)
    except ValidationError as error:
        return refusal(400, error.errors(include_url=False)[0]["msg"])
    except MainspringError as error:
        return refusal(400, str(error))
    except OSError as error:
        return refusal(507, error.strerror or str(error))


async def _body(request: web.Request, form: type[Wish]) -> Wish:
    return form.model_validate_json(await request.read())


def _found(value: object) -> web.Response:
    return refusal(404, "there is no such example any more; load the page again") if value is None else _json(value)


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value, default=_plain), content_type="application/json")


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form")
