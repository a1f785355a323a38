"""A ledger that is locked: nobody is asked without a hold, and nobody loses a reply for want of a settlement."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Iterator
from pathlib import Path

import openai
import pytest

from mainspring.core import Budget
from mainspring.runs.journal import Store
from mainspring.runs.stores.sqlite import open_sqlite
from tests.unit.models.wire import Serve, said
from tests.unit.serve.fronts import HELLO, USAGE, Gate, Start, at, key, listen, until

TEAM = {"team": key(budget={"output_tokens": 10_000})}


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[Store]:
    """Open a store that does not wait for others that write."""
    opened = await open_sqlite(tmp_path / "runs.db", lock_timeout_s=0.01)
    yield opened
    await opened.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give somebody else who writes to the store's file."""
    connection = sqlite3.connect(tmp_path / "runs.db", isolation_level=None)
    yield connection
    connection.close()


async def test_a_locked_ledger_is_told_of_and_nobody_is_asked(
    impatient: Store, writer: sqlite3.Connection, serve: Serve, front: Start, caplog: pytest.LogCaptureFixture
) -> None:
    wire = await serve(said("Hi.", usage=USAGE))
    opened = await front({"near": at(wire)}, keys=TEAM, store=impatient)
    create = (await opened.client()).chat.completions.create
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(openai.InternalServerError) as refused:
        await create(model="near", messages=HELLO)
    assert (refused.value.status_code, refused.value.code) == (503, "ledger_unavailable")
    assert "runs.db" not in refused.value.message
    assert "runs.db': database is locked" in caplog.text
    assert wire.asked == []
    writer.execute("ROLLBACK")
    assert (await create(model="near", messages=HELLO)).choices[0].message.content == "Hi."


async def test_a_reply_that_cannot_be_settled_reaches_its_client_and_all_that_was_held_will_count(
    impatient: Store, writer: sqlite3.Connection, gate: Gate, front: Start, caplog: pytest.LogCaptureFixture
) -> None:
    opened = await front({"near": at(gate)}, keys=TEAM, store=impatient)
    client = await opened.client()
    asked = client.chat.completions.create(model="near", messages=HELLO, max_tokens=50)
    whole, streamed = asyncio.ensure_future(asked), asyncio.ensure_future(listen(client, max_tokens=50))
    await until(lambda: gate.n_asked == 2)
    writer.execute("BEGIN IMMEDIATE")
    gate.opened.set()
    assert (await whole).choices[0].message.content == "one two"
    assert await streamed == "one two"
    await until(lambda: caplog.text.count("is not settled, all that was held for it will count") == 2)
    writer.execute("ROLLBACK")
    assert (await opened.ledger())[1]["output_tokens"] == 100
    assert [model.id async for model in client.models.list()] == ["near"]  # on a connection that is not spoilt


async def test_a_client_that_leaves_while_its_hold_is_made_leaves_nothing_held(
    ledger: Store, writer: sqlite3.Connection, serve: Serve, front: Start
) -> None:
    opened = await front({"near": at(await serve())}, keys=TEAM, store=ledger)
    create = (await opened.client()).chat.completions.create
    writer.execute("BEGIN IMMEDIATE")
    asked = asyncio.ensure_future(create(model="near", messages=HELLO))
    await until(lambda: _is_in_progress(opened.text("/metrics")))
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    writer.execute("ROLLBACK")
    await until(lambda: _has_left(opened.text("/metrics")))
    await ledger.allow("other", Budget())  # is written behind whatever was asked for before
    assert await opened.ledger() == ({}, {})


async def _is_in_progress(metrics: Awaitable[str]) -> bool:
    return "mainspring_requests_in_progress 2\n" in await metrics


async def _has_left(metrics: Awaitable[str]) -> bool:
    return 'status="499"} 1\n' in await metrics
