"""A process that is stopped in the middle of a write to PostgreSQL does not lock the others out."""

from mainspring.core.events import Resumed
from mainspring.runs.stores.postgres import open_postgres
from mainspring.runs.stores.postgres.group import Handed
from mainspring.runs.stores.postgres.grouped import _begin
from tests.contract.storing import more, new


async def test_the_server_ends_a_transaction_that_nobody_goes_on_with(postgres_url: str) -> None:
    frozen = await open_postgres(postgres_url, timeout_s=0.5)
    other = await open_postgres(postgres_url, timeout_s=60)
    await frozen.append(new("r", Resumed(by="ada")))
    for n_events in range(1, 4):  # whether a limit holds may be a matter of chance
        async with frozen._connections.connection() as db:  # noqa: SLF001 - no public way stops in the middle
            await _begin(db, [Handed.of(more("r", n_events, Resumed(by="ada")))])
            await other.append(more("r", n_events, Resumed(by="bob")))
    assert [entry.seq for entry in await other.entries("r")] == [0, 1, 2, 3]
    await frozen.close()
    await other.close()
