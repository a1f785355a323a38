"""Notes in an SQLite file: write-ahead log, `synchronous=FULL`, a full-text index with bm25."""

from mainspring.memory.stores.sqlite.store import SqliteMemory, open_sqlite

__all__ = ["SqliteMemory", "open_sqlite"]
