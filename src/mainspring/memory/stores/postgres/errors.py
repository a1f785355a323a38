"""What PostgreSQL says, in words that tell what to do about it."""

from typing import Final

import psycopg

from mainspring.core.errors import MemoryStoreError

_HINTS: Final[dict[str, str]] = {
    "53100": "the server's disk is full; make room, and try again",
    "53200": "the server has no memory left",
    "53300": "the server has as many connections as it takes; raise its max_connections",
    "25006": "the server only lets itself be read, as a standby does; connect to the primary",
    "55P03": "another process has locked it for too long; see who holds it in pg_stat_activity",
    "40P01": "it was in another one's way; try again",
    "40001": "it was in another one's way; try again",
    "28P01": "the password is wrong; see PGPASSWORD, ~/.pgpass or the address",
    "28000": "the server does not let this user in; see its pg_hba.conf",
    "3D000": "there is no such database; make it with `createdb`",
    "42501": "this user may not do that; give it the schema `mainspring`, or let its owner open the store once",
    "42P01": "its tables are gone; open the store anew to make them",
}
_SAID: Final[dict[str, str]] = {
    "too many clients": "53300",
    "remaining connection slots": "53300",
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    'database "': "3D000",
}
"""Words of a server that refuses a connection; libpq gives no code then."""


def in_words(error: psycopg.Error, where: str) -> MemoryStoreError:
    """Say an error in words.

    Args:
        error: What psycopg raised.
        where: What to call the database, without any password.
    """
    said = " ".join(str(error).split())
    code = error.sqlstate or next((code for words, code in _SAID.items() if words in said), "")
    if code in _HINTS:
        return MemoryStoreError(f"{where}: {said}: {_HINTS[code]}")
    if isinstance(error, psycopg.OperationalError) and (not code or code.startswith(("08", "57P"))):
        return MemoryStoreError(
            f"{where} cannot be reached: {said}: see that the server runs and the address is right"
        )
    return MemoryStoreError(f"{where}: {said}")
