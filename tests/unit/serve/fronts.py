"""What the tests of the gateway share: gateways on real sockets, their clients, and a model server with a gate."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, Self

from aiohttp import ClientSession, web
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, OpenAI

from mainspring.core import BudgetField, Clock
from mainspring.models.config import Settings
from mainspring.runs.journal import Store
from mainspring.serve import Gateway, gateway_settings, hashed, open_gateway, serving
from tests.unit.models.wire import DONE, chunk, completion

KEY = "ms-secret"
HELLO: Any = [{"role": "user", "content": "Hello"}]
USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}


class Address(Protocol):
    """Whatever listens."""

    @property
    def base_url(self) -> str:
        """Up to and including `/v1`."""
        ...


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A place where no server of ours listens."""

    base_url: str


def nowhere() -> Elsewhere:
    """Give a place where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return Elsewhere(f"http://127.0.0.1:{free.getsockname()[1]}/v1")


def at(*servers: Address, **settings: Any) -> dict[str, Any]:
    """Write the table of a model at servers, each tried once."""
    members = [
        {"base_url": server.base_url, "model": "far", "name": f"member-{n}"} for n, server in enumerate(servers)
    ]
    price = settings.pop("price", None)
    if price:
        members = [member | {"price": price} for member in members]
    return {"members": members, "attempts": len(servers)} | settings


def key(secret: str = KEY, **settings: Any) -> dict[str, Any]:
    """Write the table of a key."""
    return {"sha256": hashed(secret)} | settings


@cache
def _trust() -> ssl.SSLContext:
    """Read the machine's certificates once: for a client of each test that would take longer than the test."""
    return ssl.create_default_context()


def openai_client(url: str, secret: str) -> AsyncOpenAI:
    """Make a client of OpenAI's."""
    return AsyncOpenAI(base_url=url, api_key=secret, http_client=DefaultAsyncHttpxClient(verify=_trust()))


@dataclass(frozen=True, slots=True)
class Front:
    """A gateway that serves."""

    url: str
    gateway: Gateway
    store: Store | str
    http: ClientSession
    _serving: AsyncExitStack
    _open: AsyncExitStack
    _clients: dict[str, AsyncOpenAI] = field(default_factory=dict)

    async def client(self, secret: str = KEY, *, max_retries: int = 0) -> AsyncOpenAI:
        """Give the client of a key, which tries once if not told otherwise."""
        if secret not in self._clients:
            made = openai_client(f"{self.url}/v1", secret)
            self._clients[secret] = await self._open.enter_async_context(made)
        return self._clients[secret].with_options(max_retries=max_retries)

    async def stop(self) -> None:
        """Tell it to stop, and wait until it has; its clients stay."""
        await self._serving.aclose()

    def sync_client(self, secret: str = KEY) -> OpenAI:
        """Open one for threads, to be closed by whoever asked for it."""
        return OpenAI(base_url=f"{self.url}/v1", api_key=secret, max_retries=0)

    async def text(self, path: str) -> str:
        """Fetch a page."""
        async with self.http.get(self.url + path) as response:
            return await response.text()

    async def ledger(self, name: str = "team") -> tuple[dict[BudgetField, int], dict[BudgetField, int]]:
        """Give what a key has spent and what is held back for it, without zeros."""
        assert not isinstance(self.store, str)
        balance = (await self.store.balances([f"gateway:{name}"]))[f"gateway:{name}"]
        spent, held = (
            {field: n for field, n in amounts.items() if n} for amounts in (balance.spent, balance.reserved)
        )
        return spent, held

    async def settled(self, name: str = "team") -> dict[BudgetField, int]:
        """Wait until nothing is held back for a key, and give what it has spent."""

        async def is_settled() -> bool:
            return not (await self.ledger(name))[1]

        await until(is_settled)
        return (await self.ledger(name))[0]


class Start(Protocol):
    """Starts gateways."""

    def __call__(
        self,
        models: dict[str, Any],
        *,
        keys: dict[str, Any] | None = None,
        store: Store | str = ":memory:",
        clock: Clock | None = None,
        providers: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Awaitable[Front]:
        """Start one, with the tables of `mainspring.toml`."""
        ...


def starter(stack: AsyncExitStack) -> Start:
    """Give a way to start gateways that stop with the stack."""

    async def start(
        models: dict[str, Any],
        *,
        keys: dict[str, Any] | None = None,
        store: Store | str = ":memory:",
        clock: Clock | None = None,
        providers: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Front:
        wanted = gateway_settings({"port": 0, "grace_s": 0, "keys": keys or {}} | settings)
        tables = Settings.model_validate({"models": models, "providers": providers or {}})
        opening = open_gateway(tables, wanted, store, clock)
        http = await stack.enter_async_context(ClientSession())
        running = await stack.enter_async_context(AsyncExitStack())
        gateway = await running.enter_async_context(opening)
        url = await running.enter_async_context(serving(gateway, wanted))
        return Front(url, gateway, store, http, running, stack)

    return start


class Gate:
    """A model server that begins each reply, and ends it once the gate is open."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.n_asked = 0
        self.n_left = 0
        """How many replies nobody waited for any more."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.n_asked += 1
        try:
            if not body.get("stream"):
                await self.opened.wait()
                return web.json_response(completion("one two", usage=USAGE))
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write(chunk({"content": "one"}))
            await self.opened.wait()
            rest = chunk({"content": " two"}), chunk({}, "stop"), chunk(usage=USAGE), DONE
            await response.write(b"".join(rest))
        except asyncio.CancelledError:
            self.n_left += 1
            raise
        return response


async def listen(client: AsyncOpenAI, seen: list[str] | None = None, **fields: Any) -> str:
    """Ask for a stream, and give its words; `seen` is told each of them as it comes."""
    seen = [] if seen is None else seen
    asked: Any = {"model": "near", "messages": HELLO} | fields
    async for piece in await client.chat.completions.create(stream=True, **asked):
        seen.extend(choice.delta.content or "" for choice in piece.choices)
    return "".join(seen)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something has come about."""
    for _ in range(1000):
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")
