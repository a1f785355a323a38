"""Mainspring with its store on PostgreSQL, each time in a new database of the server that a variable names.

The server's own CPU is not counted.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.journal_contender import Contender, Kept
from benchmarks.journal_store import with_store
from mainspring.runs.opening import open_store

VARIABLE = "MAINSPRING_TEST_POSTGRES"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Kept]:
    """Keep runs in a database that is dropped afterwards."""
    server = os.environ[VARIABLE]
    name = Identifier(f"mainspring_bench_{os.getpid()}_{folder.name}")
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
    try:
        url = urlsplit(server)._replace(path=f"/{name.as_string()[1:-1]}").geturl()
        async with open_store(url) as store, with_store(store) as kept:
            yield kept
    finally:
        with psycopg.connect(server, autocommit=True) as db:
            db.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


CONTENDER = Contender(opened)
