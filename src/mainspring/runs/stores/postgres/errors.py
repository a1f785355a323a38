"""What PostgreSQL says, in words that tell what to do about it."""

from typing import Final

import psycopg
from psycopg import errors

from mainspring.core.errors import JournalError, JournalUnavailable

_MAY_PASS: Final[dict[str, str]] = {
    "53100": "the server's disk is full; make room, and what was begun goes on",
    "53200": "the server has no memory left",
    "53300": "the server has as many connections as it takes; raise its max_connections, or let fewer processes "
    "connect",
    "25006": "the server only lets itself be read, as a standby does; connect to the primary",
    "55P03": "another process has locked it for too long; see who holds it in pg_stat_activity",
    "57014": "the server stopped the query, which took too long",
    "40P01": "it was in another one's way; try again",
    "40001": "it was in another one's way; try again",
}
_LASTS: Final[dict[str, str]] = {
    "28P01": "the password is wrong; see PGPASSWORD, ~/.pgpass or the address",
    "28000": "the server does not let this user in; see its pg_hba.conf",
    "3D000": "there is no such database; make it with `createdb`",
    "42501": "this user may not do that; give it the schema `mainspring`, or let its owner open the store once",
    "42P01": "its tables are gone; open the store anew to make them",
    "3F000": "its tables are gone; open the store anew to make them",
}
_SAID: Final[dict[str, str]] = {
    "too many clients": "53300",
    "too many connections": "53300",
    "remaining connection slots": "53300",
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    'role "': "28000",
    'database "': "3D000",
}
"""Words of a server that refuses a connection; libpq gives no code then."""
_STOPPED_TOO_LONG: Final = "25P03"
"""The server hangs up on a process that does nothing in the middle of a transaction."""
_GONE: Final = "see that the server runs and that the address is right"


def in_words(error: psycopg.Error, where: str) -> JournalError:
    """Say an error in words.

    Args:
        error: What psycopg raised.
        where: What to call the database, without any password.
    """
    said = " ".join(str(error).split())
    code = error.sqlstate or next((code for words, code in _SAID.items() if words in said), "")
    if code in _LASTS:
        return JournalError(f"{where}: {said}: {_LASTS[code]}")
    if code in _MAY_PASS:
        return JournalUnavailable(f"{where}: {said}: {_MAY_PASS[code]}")
    if is_gone(error):
        return JournalUnavailable(f"{where} cannot be reached: {said}: {_GONE}")
    return JournalError(f"{where}: {said}")


def is_gone(error: Exception) -> bool:
    """Tell whether the connection is lost, or could not be made."""
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, errors.PipelineAborted):
        return False
    code = error.sqlstate or ""
    return not code or code == _STOPPED_TOO_LONG or code.startswith(("08", "57P"))


def is_race(error: psycopg.Error) -> bool:
    """Tell whether somebody else did the same at the same time, so that looking again helps."""
    return isinstance(error, errors.UniqueViolation | errors.DeadlockDetected | errors.SerializationFailure)
