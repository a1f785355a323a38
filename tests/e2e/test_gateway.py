"""`mainspring gateway` as a process: keys, signals, kill -9, and budgets that several of them share."""

import asyncio
import json
import signal
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import openai
import pytest

from mainspring.core import FakeClock
from mainspring.models.config import load_settings
from mainspring.runs.opening import open_store
from mainspring.serve import gateway_settings, open_gateway, serving
from tests.e2e.gateways import Gateway, House, ask, key, model
from tests.unit.serve.fronts import Gate, listen, until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(tmp_path, stack)


@pytest.fixture
async def gate(house: House) -> AsyncIterator[Gate]:
    async with Gate() as started:
        yield started


async def test_what_the_key_command_says_lets_the_key_in(house: House, gate: Gate) -> None:
    gate.opened.set()
    tables = [model(gate.base_url, name) for name in ("near", "dear")]
    code, secret, told = await house.run(
        "gateway", "key", "team a", "--model", "near", "--usd", "5", "--output-tokens", "1000", "--window", "day"
    )
    assert code == 0
    table = told[told.index("[gateway.keys.") :]
    house.write(*tables, table.replace('usd = "5", ', ""))
    settings = tomllib.loads((house.folder / "mainspring.toml").read_text())["gateway"]["keys"]["team a"]
    assert (settings["models"], settings["window"]) == (["near"], "day")
    assert secret.strip() not in told
    gateway = await house.gateway()
    client = await gateway.client(secret.strip())
    assert (await ask(client)).choices[0].message.content == "one two"
    assert isinstance(await ask(client, model="dear"), openai.PermissionDeniedError)
    assert isinstance(await ask(await gateway.client()), openai.AuthenticationError)


async def test_without_keys_it_does_not_listen_to_the_network(house: House, gate: Gate) -> None:
    house.write(model(gate.base_url))
    code, out, told = await house.run("gateway", "--host", "0.0.0.0")  # noqa: S104 - that it is refused is the point
    assert (code, out) == (2, "")
    assert "the gateway has no keys, and would listen on '0.0.0.0' for everybody" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_gateway_told_to_stop_lets_a_stream_end_whole(
    number: signal.Signals, house: House, gate: Gate
) -> None:
    house.write(model(gate.base_url))
    gateway, streamed = await _streaming(house, gate)
    gateway.send(number)
    await gateway.said("draining: what is in progress has 30 s")
    assert isinstance(await ask(await gateway.client("ms-other")), openai.APIConnectionError)
    gate.opened.set()
    assert await streamed == "one two"
    await gateway.said("stopped")
    assert await gateway.ended() == 0


async def _streaming(house: House, gate: Gate, *words: str) -> "tuple[Gateway, asyncio.Task[str]]":
    """Start a gateway, and a stream through it of which the first word has come."""
    gateway, seen = await house.gateway(*words), list[str]()
    streamed = asyncio.ensure_future(listen(await gateway.client(), seen, max_tokens=50))
    await until(lambda: seen == ["one"] or streamed.done())
    return gateway, streamed


async def test_a_stream_that_outlasts_the_grace_ends_with_an_error(house: House, gate: Gate) -> None:
    house.write(model(gate.base_url))
    gateway, streamed = await _streaming(house, gate, "--grace", "0")
    gateway.send(signal.SIGTERM)
    with pytest.raises(openai.APIError, match="told to stop") as cut:
        await streamed
    assert cut.value.code == "gateway_stopped"
    assert await gateway.ended() == 0


async def test_a_second_signal_ends_it_at_once(house: House, gate: Gate) -> None:
    house.write(model(gate.base_url))
    gateway, streamed = await _streaming(house, gate)
    gateway.send(signal.SIGTERM)
    await gateway.said("draining")
    ended = asyncio.ensure_future(gateway.ended())
    while not ended.done():
        gateway.send(signal.SIGTERM)
        await asyncio.wait([ended], timeout=0.2)
    assert ended.result() == -signal.SIGTERM
    with pytest.raises(openai.APIConnectionError):
        await streamed


async def test_the_budget_of_a_key_outlives_a_gateway_that_is_killed(
    house: House, gate: Gate, store_url: str
) -> None:
    house.write(model(gate.base_url), key(budget={"output_tokens": 120, "model_calls": 10}))
    gateway, streamed = await _streaming(house, gate, "--store", store_url)
    gateway.send(signal.SIGKILL)
    assert isinstance((await asyncio.gather(streamed, return_exceptions=True))[0], Exception)
    await gateway.ended()
    gate.opened.set()
    again = await house.gateway("--store", store_url)
    assert await listen(await again.client(), max_tokens=50) == "one two"
    refused = await ask(await again.client(), max_tokens=100)  # 120 less the 2 that were written and the 50 held
    assert isinstance(refused, openai.RateLimitError)
    assert "has 68 output_tokens left; the request may take 100" in refused.message
    again.send(signal.SIGTERM)
    assert await again.ended() == 0
    assert await _spent(store_url) == ({"output_tokens": 2, "input_tokens": 7, "model_calls": 1}, 50)
    await _ask_when_holds_are_over(house, store_url)
    spent, held = await _spent(store_url)
    assert (spent["output_tokens"], spent["model_calls"], held) == (2 + 50 + 2, 3, 0)


async def _spent(store_url: str) -> tuple[dict[str, int], int]:
    """Give what the key has spent, and the output tokens that are held back for it."""
    async with open_store(store_url) as store:
        balance = (await store.balances(["gateway:team"]))["gateway:team"]
    return {str(name): n for name, n in balance.spent.items()}, balance.reserved["output_tokens"]


async def _ask_when_holds_are_over(house: House, store_url: str) -> None:
    """Send a request through a gateway for which it is an hour later."""
    settings = load_settings(house.folder / "mainspring.toml")
    wanted = gateway_settings(settings.gateway | {"port": 0})
    clock = FakeClock(time.time() + 3600)
    async with (
        open_gateway(settings, wanted, store_url, clock) as opened,
        serving(opened, wanted) as url,
        openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="ms-secret") as client,
    ):
        assert await listen(client, max_tokens=50) == "one two"


async def test_gateways_on_one_database_share_the_budget_of_a_key(
    house: House, gate: Gate, postgres_url: str
) -> None:
    house.write(model(gate.base_url), key(budget={"model_calls": 10}))
    gateways = await asyncio.gather(*[house.gateway("--store", postgres_url) for _ in range(2)])
    clients = [await gateway.client(max_retries=2) for gateway in gateways]
    asked = [asyncio.ensure_future(ask(client)) for client in clients for _ in range(15)]
    await until(lambda: sum(task.done() for task in asked) == 20)
    gate.opened.set()
    replies = await asyncio.gather(*asked)
    refused = [reply for reply in replies if isinstance(reply, openai.RateLimitError)]
    assert (len(refused), gate.n_asked) == (20, 10)
    assert {error.code for error in refused} == {"insufficient_quota"}


async def test_its_log_says_of_each_request_what_became_of_it(house: House, gate: Gate) -> None:
    house.write(model(gate.base_url), key())
    gate.opened.set()
    gateway = await house.gateway("--log-json", "--log-all")
    client = await gateway.client()
    done = await client.chat.completions.with_raw_response.create(
        model="near", messages=[{"role": "user", "content": "Hello"}], extra_headers={"X-Request-Id": "mine"}
    )
    assert done.request_id == "mine"
    served = json.loads(await gateway.said("mine"))
    assert (served["request"], served["status"], served["model"], served["key"]) == ("mine", 200, "near", "team")
    await ask(client, model="nowhere", extra_headers={"X-Request-Id": "odd"})
    refused = json.loads(await gateway.said("odd"))
    assert (refused["level"], refused["status"], refused["path"]) == ("info", 404, "/v1/chat/completions")
