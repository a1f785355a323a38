"""Runs in PostgreSQL, for several machines at once: psycopg, in a schema of its own named `mainspring`.

Needs the `postgres` extra; psycopg is imported nowhere else but here and in the dispatcher on the same database.
"""

from mainspring.core.errors import ConfigError

try:
    from mainspring.runs.stores.postgres.store import PostgresStore, open_postgres
except ImportError as error:
    if error.name is not None and error.name.partition(".")[0] == "mainspring":
        raise
    raise ConfigError(f"runs in PostgreSQL need psycopg ({error}): pip install 'mainspring[postgres]'") from error

__all__ = ["PostgresStore", "open_postgres"]
