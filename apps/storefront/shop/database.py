"""The shop's database: SQLite in write-ahead mode, or PostgreSQL, behind two kinds of transactions.

A reading transaction sees one moment. A writing one is whole or nothing; on SQLite it is alone from its first
statement (`BEGIN IMMEDIATE`), on PostgreSQL it locks the rows it is about, always in one order: idempotency key,
order, cart, stock by SKU, slot. No transaction stays open while a payment provider is called.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, create_engine, event, exc, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from apps.storefront.shop.errors import ShopUnavailable
from apps.storefront.shop.migrations import migrate
from mainspring.core.errors import ConfigError
from mainspring.core.sqlite import write_ahead

LOCK_TIMEOUT_S: Final = 30.0
_CONNECTIONS: Final = 8
_WRITES: Final = "shop_writes"


class Database:
    """Hands out transactions.

    Args:
        engine: Connected to a database whose tables are up to date.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL, rather than SQLite."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a transaction that changes nothing.

        Raises:
            ShopUnavailable: The database cannot be reached.
        """
        with self._transaction(writes=False) as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a transaction that is committed at the end, and undone by an error.

        Raises:
            ShopUnavailable: The database cannot be reached, is locked for long, or is full.
        """
        with self._transaction(writes=True) as db:
            yield db

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        where = self._engine.url.render_as_string(hide_password=True)
        try:
            with self._engine.connect() as db, db.execution_options(**{_WRITES: writes}).begin():
                yield db
        except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            raise ShopUnavailable(
                f"the shop's database {where} did not answer ({cause}); make the same call again"
            ) from error


def open_database(url: str) -> Database:
    """Open a database, make it if it is a file that is not there, and bring its tables up to date.

    Args:
        url: `sqlite:///shop.db`, a path, or `postgresql://user:password@host/database`.

    Raises:
        ConfigError: The address is of no database the shop can be kept in.
        NewerDatabase: It was made by a newer version of the shop.
        ShopUnavailable: It cannot be reached.
    """
    database = Database(_engine(url))
    try:
        with database.write() as db:
            migrate(db)
    except BaseException:
        database.close()
        raise
    return database


def insert_once(db: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless there is one of its primary key, and tell whether it was inserted.

    On PostgreSQL it waits for another transaction that is inserting the same.
    """
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(*table.primary_key)
    return db.execute(statement).first() is not None


def _engine(url: str) -> Engine:
    address = make_url(url if "://" in url else f"sqlite:///{Path(url)}")
    if address.get_backend_name() == "postgresql":
        _need_psycopg()
        options = f"-c lock_timeout={int(LOCK_TIMEOUT_S * 1000)}"
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=LOCK_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={"options": options, "connect_timeout": 10},
        )
    if address.get_backend_name() != "sqlite" or address.database in {None, "", ":memory:"}:
        raise ConfigError(
            f"a shop cannot be kept in {address.render_as_string(hide_password=True)!r}; "
            "give it a file, like sqlite:///shop.db, or postgresql://user:password@host/database"
        )
    engine = create_engine(
        address,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=LOCK_TIMEOUT_S,
        connect_args={"timeout": LOCK_TIMEOUT_S},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _need_psycopg() -> None:
    try:
        import psycopg  # noqa: F401 - SQLAlchemy imports it by its name, and says less if it is not there
    except ImportError as error:
        raise ConfigError(
            f"a shop in PostgreSQL needs psycopg ({error}): pip install 'mainspring[postgres]'"
        ) from error


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins transactions by itself otherwise, and too late
    cursor = connection.cursor()
    write_ahead(cursor, LOCK_TIMEOUT_S)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(db: Connection) -> None:
    db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get(_WRITES) else "BEGIN")
