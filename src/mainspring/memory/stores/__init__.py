"""Databases that notes are kept in: SQLite with FTS5, and PostgreSQL with its text search.

Both index the words that `words` gives, stemmed as English, and pass the same contract suite.
"""
