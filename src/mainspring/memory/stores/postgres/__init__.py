"""Notes in PostgreSQL, in the schema `mainspring`, with its text search.

Needs the `postgres` extra; psycopg is imported nowhere else in this room.
"""

from mainspring.core.errors import ConfigError

try:
    from mainspring.memory.stores.postgres.store import PostgresMemory, open_postgres
except ImportError as error:
    if error.name is not None and error.name.partition(".")[0] == "mainspring":
        raise
    raise ConfigError(f"notes in PostgreSQL need psycopg ({error}): pip install 'mainspring[postgres]'") from error

__all__ = ["PostgresMemory", "open_postgres"]
