"""Dispatch with Procrastinate: runs get to workers on any number of machines through the runs' own PostgreSQL.

Needs the `postgres` extra.
"""

from mainspring.core.errors import ConfigError

try:
    from mainspring.runs.dispatchers.procrastinate.dispatch import ProcrastinateDispatch, open_procrastinate
except ImportError as error:
    if error.name is not None and error.name.partition(".")[0] == "mainspring":
        raise
    raise ConfigError(
        f"workers on PostgreSQL need Procrastinate ({error}): pip install 'mainspring[postgres]'"
    ) from error

__all__ = ["ProcrastinateDispatch", "open_procrastinate"]
