"""What every SQLite file of this package begins with."""

import sqlite3
import time
from typing import Final, Protocol

_PAUSE_S: Final = 0.01


class Executes(Protocol):
    """A connection to a SQLite file, or a cursor of one, whichever library opened it."""

    def execute(self, statement: str, /) -> object:
        """Execute a statement."""
        ...


def write_ahead(connection: Executes, lock_timeout_s: float) -> None:
    """Switch a file to write-ahead mode; SQLite itself does not wait for somebody else who does the same.

    Args:
        connection: To the file.
        lock_timeout_s: Seconds to wait for them.

    Raises:
        sqlite3.OperationalError: They did not come to an end in time, or it cannot be switched.
    """
    until_s = time.monotonic() + lock_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until_s:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
