"""Databases that runs are kept in, behind the protocols of `journal`: SQLite and PostgreSQL.

Both have the same tables and pass the same contract suite.
"""
