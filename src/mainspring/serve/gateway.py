"""The gateway: every configured model behind one address that OpenAI's clients understand.

request = who is it -> what is asked -> hold the worst case -> forward -> settle

`/v1/chat/completions`, `/v1/embeddings`, `/v1/models`; `/pool` for operators, `/metrics`, `/healthz`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Final

import orjson
from aiohttp import web

from mainspring.core.errors import MainspringError
from mainspring.models.chat import ChatModel
from mainspring.models.pool.pool import Pool
from mainspring.models.pool.status import status_of
from mainspring.serve.asked import Asked, read
from mainspring.serve.charging import Charging, Hold
from mainspring.serve.forwarding import Forwarder, Served
from mainspring.serve.keys import Caller, Keys
from mainspring.serve.metrics import Metrics
from mainspring.serve.refusals import (
    WRONG_KEY,
    Refusal,
    Refused,
    bad_request,
    no_such_model,
    not_allowed,
    refusal_of,
    too_large,
)
from mainspring.serve.reply import StreamedReply
from mainspring.serve.settings import GatewaySettings

_log = logging.getLogger("mainspring.gateway")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_ID: Final = "X-Request-Id"
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
        self.is_draining = False
        """Whether it is about to stop: what is in progress ends, and `/healthz` says so."""
        self.pools = pools
        self._settings = settings
        self._charging = charging
        self._keys = Keys(settings.keys)
        self._forwarders = {name: Forwarder(pool) for name, pool in pools.items()}
        self._metrics = Metrics()
        self._began = int(time.time())

    def app(self) -> web.Application:
        """Make the application that a server runs."""
        app = web.Application(client_max_size=self._settings.max_body_bytes, middlewares=[self._told])
        app.router.add_post("/v1/chat/completions", self._forward)
        app.router.add_post("/v1/embeddings", self._forward)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/pool", self._pool)
        app.router.add_get("/metrics", self._scraped)
        app.router.add_get("/healthz", self._health)
        app.cleanup_ctx.append(self._tended)
        return app

    async def _tended(self, _: web.Application):  # type: ignore[no-untyped-def]
        """Have members probed whose time it is, also while nobody asks."""

        async def tend() -> None:
            while True:
                for pool in self.pools.values():
                    pool.tend()
                await asyncio.sleep(_TEND_S)

        task = asyncio.get_running_loop().create_task(tend())
        yield
        task.cancel()

    @web.middleware
    async def _told(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Name the request, answer what goes wrong, and count."""
        name = request.headers.get(_ID) or secrets.token_hex(12)
        request["id"] = name
        began_s = time.perf_counter()
        self._metrics.in_progress += 1
        status = 499  # what nginx calls a client that went away
        try:
            response = await self._answered(request, handler)
            status = response.status
        finally:
            self._metrics.in_progress -= 1
            seconds = time.perf_counter() - began_s
            served, model = request.get("served") or Served(), request.get("model", "")
            path = request.path if request.match_info.http_exception is None else ""
            self._metrics.took(path, model, status, seconds, served.first_s)
            level = logging.DEBUG if status < 400 else logging.INFO
            if _log.isEnabledFor(level):
                said = {"request": name, "path": request.path, "model": model, "status": status}
                more = {"seconds": round(seconds, 4), "member": served.member, "key": request.get("caller", "")}
                _log.log(level, "%s", _line(said | more), extra=said | more)
        return response

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except Refused as refused:
            response = _refused(refused.refusal)
        except MainspringError as error:
            response = _refused(refusal_of(error))
        except web.HTTPRequestEntityTooLarge:
            response = _refused(too_large(self._settings.max_body_bytes))
        except web.HTTPException as error:
            response = _refused(Refusal(error.status, f"{error.reason}: {request.method} {request.path}"))
        except Exception:  # noqa: BLE001 - one request with a bug must not end the others
            _log.exception("%s is a bug of the gateway", request["id"])
            response = _refused(Refusal(500, f"the gateway has a bug; its log has more under {request['id']}"))
        if not response.prepared:
            response.headers[_ID] = request["id"]
            if self.is_draining:
                response.force_close()
        return response

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        caller = self._caller(request)
        if (request.content_length or 0) > self._settings.max_body_bytes:
            raise Refused(too_large(self._settings.max_body_bytes))
        asked = read(request.path.removeprefix("/v1"), await request.read(), request.headers.get(_SESSION, ""))
        forwarder = self._forwarder(asked, caller)
        request["model"] = asked.model
        served = request["served"] = Served()
        bound = None if caller.budget is None else self._settings.max_output_tokens
        hold = await self._held(caller, asked, forwarder.pool)
        try:
            if not asked.is_streamed:
                data = await forwarder.whole(asked, caller.name, bound, served)
                return web.Response(body=data, content_type="application/json", headers={_MEMBER: served.member})
            reply = StreamedReply(request, {_ID: request["id"], _MEMBER: ""}, _MEMBER)
            return await reply.of(forwarder.streamed(asked, caller.name, bound, served, reply))
        finally:
            if served.usage is not None:
                self._metrics.used(asked.model, caller.name, served.usage)
            if hold is not None:
                await asyncio.shield(hold.settle(served.usage))

    async def _held(self, caller: Caller, asked: Asked, pool: Pool[ChatModel]) -> Hold | None:
        if self._charging is None:
            return None
        return await self._charging.hold(caller, asked, pool, self._settings.max_output_tokens)

    def _caller(self, request: web.Request) -> Caller:
        caller = self._keys.caller(request.headers.get("Authorization"))
        if caller is None:
            raise Refused(WRONG_KEY)
        request["caller"] = caller.name
        return caller

    def _forwarder(self, asked: Asked, caller: Caller) -> Forwarder:
        forwarder = self._forwarders.get(asked.model)
        if forwarder is None:
            raise no_such_model(asked.model, ", ".join(self._usable(caller)) or "none")
        if not caller.may_use(asked.model):
            raise not_allowed(asked.model, caller.name)
        if asked.is_streamed and asked.path != "/chat/completions":
            raise bad_request(f"{asked.path} cannot be streamed")
        return forwarder

    def _usable(self, caller: Caller) -> list[str]:
        return [name for name in self.pools if caller.may_use(name)]

    async def _models(self, request: web.Request) -> web.StreamResponse:
        listed = [
            {"id": name, "object": "model", "created": self._began, "owned_by": "mainspring"}
            for name in self._usable(self._caller(request))
        ]
        return _json({"object": "list", "data": listed})

    async def _pool(self, request: web.Request) -> web.StreamResponse:
        names = self._usable(self._caller(request))
        return _json({"pools": [asdict(status_of(self.pools[name])) for name in names]})

    async def _scraped(self, _: web.Request) -> web.StreamResponse:
        return web.Response(body=self._metrics.text(self.pools).encode(), headers={"Content-Type": _TEXT})

    async def _health(self, _: web.Request) -> web.StreamResponse:
        """Say whether requests should come here: not while it drains, nor when no member of any model is well."""
        well = [name for name, pool in self.pools.items() if status_of(pool).is_well]
        state = "draining" if self.is_draining else "ok" if well else "no model has a member that is well"
        return _json({"status": state, "models": well}, status=200 if state == "ok" else 503)


def _line(said: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in said.items() if value != "")


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value, default=str), content_type="application/json", status=status)


def _refused(refusal: Refusal) -> web.Response:
    return web.Response(
        body=refusal.body, status=refusal.status, content_type="application/json", headers=refusal.headers
    )
