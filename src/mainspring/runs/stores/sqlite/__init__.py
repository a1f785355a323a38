"""Runs in an SQLite file: write-ahead log, `synchronous=FULL`, one writer thread with group commit."""

from mainspring.runs.stores.sqlite.store import SqliteStore, open_sqlite

__all__ = ["SqliteStore", "open_sqlite"]
