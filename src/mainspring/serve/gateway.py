"""The gateway: every configured model behind one address that OpenAI's clients understand.

request = who is it -> what is asked -> hold the worst case -> forward -> settle

`/v1/chat/completions`, `/v1/embeddings`, `/v1/models`; `/pool` for operators, `/metrics`, `/healthz`.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Final

import orjson
from aiohttp import web

from mainspring.core import Usage
from mainspring.core.errors import JournalError
from mainspring.models.chat import ChatModel
from mainspring.models.pool.pool import Pool
from mainspring.models.pool.status import status_of
from mainspring.serve.asked import Asked, read
from mainspring.serve.charging import Charging, Hold
from mainspring.serve.forwarding import Forwarder
from mainspring.serve.keys import ANYBODY, Caller, Keys
from mainspring.serve.metrics import Metrics
from mainspring.serve.refusals import (
    FROM_A_PAGE,
    WRONG_KEY,
    Refused,
    bad_request,
    no_such_model,
    not_allowed,
    too_large,
)
from mainspring.serve.reply import StreamedReply
from mainspring.serve.requests import ID, RECORD, Requests
from mainspring.serve.settings import GatewaySettings

_log = logging.getLogger("mainspring.gateway")

_MEMBER: Final = "X-Mainspring-Member"
_SESSION: Final = "X-Session-Id"
_TEND_S: Final = 1.0
_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class Gateway:
    """Serves models.

    Args:
        pools: The models, by the names that clients use.
        settings: How.
        charging: Charges requests to budgets; None where no key has one.
    """

    def __init__(
        self, pools: Mapping[str, Pool[ChatModel]], settings: GatewaySettings, charging: Charging | None = None
    ) -> None:
        self.pools = pools
        self._settings = settings
        self._charging = charging
        self._keys = Keys(settings.keys)
        self._forwarders = {name: Forwarder(pool) for name, pool in pools.items()}
        self._metrics = Metrics()
        self._requests = Requests(self._metrics, settings.max_body_bytes)
        self._began = int(time.time())

    def app(self) -> web.Application:
        """Make the application that a server runs."""
        app = web.Application(client_max_size=self._settings.max_body_bytes, middlewares=[self._requests.around])
        app.router.add_post("/v1/chat/completions", self._forward)
        app.router.add_post("/v1/embeddings", self._forward)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{name:.+}", self._model)
        app.router.add_get("/pool", self._pool)
        app.router.add_get("/metrics", self._scraped)
        app.router.add_get("/healthz", self._health)
        app.cleanup_ctx.append(self._tended)
        return app

    def renew(self, pools: Mapping[str, Pool[ChatModel]]) -> None:
        """Serve by other settings from here on: what is in progress goes on, and nobody is refused meanwhile.

        Pools that are known take in the members of the new ones; a model that is gone is served as it was.

        Args:
            pools: The models, opened anew.

        Raises:
            ConfigError: The members of one make no pool.
        """
        for name, pool in pools.items():
            if name in self.pools:
                self.pools[name].adopt(pool.members)
            else:
                self._forwarders[name] = Forwarder(pool)
        self.pools = {**pools, **self.pools}

    async def drain(self, grace_s: float) -> None:
        """Say on `/healthz` that it is about to stop, and bring what is in progress to its end.

        Args:
            grace_s: Seconds that it gets; what is not ready then ends with an error.
        """
        await self._requests.end(grace_s)

    async def _tended(self, _: web.Application) -> AsyncIterator[None]:
        """Have members probed whose time it is, also while nobody asks."""

        async def tend() -> None:
            while True:
                for pool in self.pools.values():
                    pool.tend()
                await asyncio.sleep(_TEND_S)

        task = asyncio.get_running_loop().create_task(tend())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        caller, record = self._caller(request), request[RECORD]
        if (request.content_length or 0) > self._settings.max_body_bytes:
            raise Refused(too_large(self._settings.max_body_bytes))
        asked = read(request.path.removeprefix("/v1"), await request.read(), request.headers.get(_SESSION, ""))
        forwarder = self._forwarder(asked, caller)
        record.model, served = asked.model, record.served
        bound = None if caller.budget is None else self._settings.max_output_tokens
        hold = await self._held(caller, asked, forwarder.pool)
        try:
            if not asked.is_streamed:
                data = await forwarder.whole(asked, caller.name, bound, served)
                return web.Response(body=data, content_type="application/json", headers={_MEMBER: served.member})
            reply = record.reply = StreamedReply(request, {ID: record.id}, _MEMBER)
            await forwarder.streamed(asked, caller.name, bound, served, reply)
            await reply.end()
            return reply.response
        finally:
            if served.usage is not None:
                self._metrics.used(asked.model, caller.name, served.usage)
            if hold is not None:
                await self._settled(hold, served.usage)

    async def _held(self, caller: Caller, asked: Asked, pool: Pool[ChatModel]) -> Hold | None:
        if self._charging is None:
            return None
        return await self._charging.hold(caller, asked, pool, self._settings.max_output_tokens)

    async def _settled(self, hold: Hold, usage: Usage | None) -> None:
        """Settle a hold; where that fails the client has its reply all the same, and the whole hold will count."""
        try:
            await asyncio.shield(hold.settle(usage))
        except JournalError as error:
            _log.warning("what a request used is not settled, all that was held for it will count: %s", error)

    def _caller(self, request: web.Request) -> Caller:
        caller = self._keys.caller(request.headers.get("Authorization"))
        if caller is None:
            raise Refused(WRONG_KEY)
        if caller is ANYBODY and "Origin" in request.headers:
            raise Refused(FROM_A_PAGE)
        request[RECORD].key = caller.name
        return caller

    def _forwarder(self, asked: Asked, caller: Caller) -> Forwarder:
        forwarder = self._forwarders.get(asked.model)
        if forwarder is None:
            raise no_such_model(asked.model, self._usable(caller))
        if not caller.may_use(asked.model):
            raise not_allowed(asked.model, caller.name)
        if asked.is_streamed and asked.path != "/chat/completions":
            raise bad_request(f"{asked.path} cannot be streamed")
        return forwarder

    def _usable(self, caller: Caller) -> list[str]:
        return [name for name in self.pools if caller.may_use(name)]

    async def _models(self, request: web.Request) -> web.StreamResponse:
        names = self._usable(self._caller(request))
        return _json({"object": "list", "data": [self._listed(name) for name in names]})

    async def _model(self, request: web.Request) -> web.StreamResponse:
        name, usable = request.match_info["name"], self._usable(self._caller(request))
        if name not in usable:
            raise no_such_model(name, usable)
        return _json(self._listed(name))

    def _listed(self, name: str) -> dict[str, object]:
        return {"id": name, "object": "model", "created": self._began, "owned_by": "mainspring"}

    async def _pool(self, request: web.Request) -> web.StreamResponse:
        names = self._usable(self._caller(request))
        return _json({"pools": [asdict(status_of(self.pools[name])) for name in names]})

    async def _scraped(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self._metrics.text(self.pools).encode(), headers={"Content-Type": _TEXT})

    async def _health(self, _: web.Request) -> web.StreamResponse:
        """Say whether requests should come here: not while it drains, nor when no member of any model is well."""
        well = [name for name, pool in self.pools.items() if status_of(pool).is_well]
        state = "draining" if self._requests.is_draining else "ok" if well else "no model has a member that is well"
        return _json({"status": state, "models": well}, status=200 if state == "ok" else 503)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value, default=str), content_type="application/json", status=status)
