"""A PostgreSQL server for the time of a benchmark: one that is there already, or a private one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = "private"
VARIABLE = "MAINSPRING_TEST_POSTGRES"


@contextmanager
def postgres(asked: str) -> Iterator[str | None]:
    """Give the address of a server whose user may make databases; None where none is asked for.

    Args:
        asked: An address, `private`, or nothing: then the one that `MAINSPRING_TEST_POSTGRES` names, if it does.
    """
    if asked != PRIVATE:
        yield asked or os.environ.get(VARIABLE)
        return
    from tests.services.postgres import PostgresServer

    home = Path(tempfile.mkdtemp(prefix="mainspring-bench-postgres-"))
    try:
        server = PostgresServer(_programs(), home)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """Find the newest server that is installed here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise SystemExit("no PostgreSQL server is installed here: apt-get install postgresql, or give an address")
    return found[-1].parent if found else Path(str(on_path)).parent
