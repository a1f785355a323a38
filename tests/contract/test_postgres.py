"""What the store on PostgreSQL keeps true besides what every store does."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
import uvloop
from psycopg.conninfo import make_conninfo

from mainspring.core.errors import ConfigError, JournalError, JournalUnavailable
from mainspring.core.events import CancelAsked
from mainspring.runs.journal import Query
from mainspring.runs.stores.postgres import PostgresStore, open_postgres
from tests.contract.storing import claim, more, new, postgres_execute, returned
from tests.services.postgres import PostgresServer, fresh_database

STOP = CancelAsked(by="ada")
PASSWORD = "never-shown"


@pytest.fixture
def own_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the address of a database on a server that may be stopped."""
    with fresh_database(postgres_server.url) as url:
        yield url


async def test_a_store_says_that_its_server_is_gone_and_works_on_when_it_is_back(
    own_url: str, postgres_server: PostgresServer
) -> None:
    store = await open_postgres(own_url, timeout_s=1.0)
    await store.append(new("run_1", returned("x" * 5000)))
    await asyncio.gather(*(store.entries("run_1") for _ in range(4)))
    postgres_server.stop()
    try:
        told = await asyncio.gather(
            store.append(more("run_1", 1, STOP)),
            store.append(new("run_2")),
            store.entries("run_1"),
            claim(store, "run_1", "driver"),
            return_exceptions=True,
        )
        for error in told:
            assert isinstance(error, JournalUnavailable)
            assert "cannot be reached" in str(error)
            assert "see that the server runs" in str(error)
            assert PASSWORD not in str(error)
    finally:
        postgres_server.start()
    assert await store.append(more("run_1", 1, STOP)) == "pending"
    assert [entry.event for entry in await store.entries("run_1")] == [returned("x" * 5000), STOP]
    assert await claim(store, "run_1", "driver") == 3
    await store.close()


async def test_connections_that_were_lost_while_nobody_used_them_are_replaced_unnoticed(own_url: str) -> None:
    store = await open_postgres(own_url)
    await store.append(new("run_1"))
    await asyncio.gather(*(store.rows(Query()) for _ in range(4)))
    postgres_execute(
        own_url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    assert await store.append(more("run_1", 0, STOP)) == "pending"
    assert len(await store.entries("run_1")) == 1
    await store.close()


async def test_a_server_that_is_not_there_is_told_of_without_the_password() -> None:
    with pytest.raises(
        JournalUnavailable, match=r"'postgresql://ada@127.0.0.1:1/runs' cannot be reached"
    ) as caught:
        await open_postgres(f"postgresql://ada:{PASSWORD}@127.0.0.1:1/runs", timeout_s=1.0)
    assert PASSWORD not in str(caught.value)


async def test_a_database_that_is_not_there_is_told_of(postgres_url: str) -> None:
    with pytest.raises(JournalError, match="createdb") as caught:
        await open_postgres(f"{postgres_url}_missing", timeout_s=1.0)
    assert not isinstance(caught.value, JournalUnavailable)


async def test_a_server_that_takes_no_more_connections_is_told_of(own_url: str) -> None:
    postgres_execute(own_url, "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        with pytest.raises(JournalUnavailable, match="max_connections"):
            await open_postgres(make_conninfo(own_url, user="crowded"), timeout_s=1.0)
    finally:
        postgres_execute(own_url, "DROP ROLE crowded")


async def test_a_database_that_only_lets_itself_be_read_is_told_of(postgres_url: str) -> None:
    store = await open_postgres(postgres_url)
    await store.append(new("run_1"))
    await store.close()
    postgres_execute(
        postgres_url,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', "
        "current_database()); END $$",
    )
    store = await open_postgres(postgres_url)
    assert len(await store.rows(Query())) == 1
    with pytest.raises(JournalUnavailable, match="only lets itself be read"):
        await store.append(more("run_1", 0, STOP))
    await store.close()


async def test_a_row_that_somebody_else_locks_for_too_long_is_told_of(postgres_url: str) -> None:
    store = await open_postgres(postgres_url, timeout_s=0.2)
    await store.append(new("run_1"))
    await store.append(new("run_2"))
    async with await psycopg.AsyncConnection.connect(postgres_url) as other:
        await other.execute("SELECT 1 FROM mainspring.runs WHERE id = 'run_1' FOR UPDATE")
        told = await asyncio.gather(
            store.append(more("run_1", 0, STOP)), store.append(more("run_2", 0, STOP)), return_exceptions=True
        )
        assert isinstance(told[0], JournalUnavailable)
        assert "locked it for too long" in str(told[0])
        assert told[1] == "pending"
    assert await store.append(more("run_1", 0, STOP)) == "pending"
    await store.close()


async def test_many_may_open_an_empty_database_at_once(postgres_url: str) -> None:
    stores = await asyncio.gather(*(open_postgres(postgres_url) for _ in range(8)))
    assert (
        await asyncio.gather(*(store.append(new(f"run_{n}")) for n, store in enumerate(stores))) == ["pending"] * 8
    )
    assert len(await stores[0].rows(Query())) == 8
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_user_who_may_not_make_tables_can_use_those_that_are_there(postgres_url: str) -> None:
    await (await open_postgres(postgres_url)).close()
    readable = "GRANT USAGE ON SCHEMA mainspring TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA mainspring TO {0}"
    role = f"guest_{postgres_url.rpartition('_')[2]}"
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'".encode())
        db.execute(readable.format(role).encode())
        try:
            store = await open_postgres(make_conninfo(postgres_url, user=role, password=PASSWORD))
            assert PASSWORD not in store.url
            assert await store.append(new("run_1", STOP)) == "pending"
            await store.close()
        finally:
            db.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_a_store_works_on_uvloop(postgres_url: str) -> None:
    async def work() -> int:
        store = await open_postgres(postgres_url)
        await asyncio.gather(*(store.append(new(f"run_{number}", STOP)) for number in range(50)))
        n_rows = len(await store.rows(Query()))
        await store.close()
        return n_rows

    assert uvloop.run(work()) == 50


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"postgresql://ada:{PASSWORD}@db.example:5433/runs", "postgresql://ada@db.example:5433/runs"),
        (f"postgres://db.example/runs?user=ada&password={PASSWORD}", "postgres://db.example/runs?user=ada"),
        (f"postgresql://:{PASSWORD}@one.example,two.example/runs", "postgresql://one.example,two.example/runs"),
        (f"host=db.example user=ada password={PASSWORD}", "user=ada host=db.example"),
    ],
)
async def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert PostgresStore(address).url == shown


async def test_words_that_are_no_address_are_refused_without_repeating_them() -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        PostgresStore(f"postgresql://ada:{PASSWORD}@db:port:5/runs?nonsense")
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("package", ["stores.postgres", "dispatchers.procrastinate"])
def test_a_missing_package_is_told_of_with_the_extra_that_has_it(package: str) -> None:
    code = f"import sys; sys.modules['psycopg'] = None; import mainspring.runs.{package}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError" in done.stderr
    assert "pip install 'mainspring[postgres]'" in done.stderr
