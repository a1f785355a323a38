"""The libraries of the extra `data`: imported where they are used, and asked for by name where they are missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from mainspring.core.errors import ConfigError


@contextmanager
def data_extra(what: str) -> Iterator[None]:
    """Say which extra to install where an import fails.

    Args:
        what: What cannot be read without it, such as `PDF files`.

    Raises:
        ConfigError: The library is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise ConfigError(f"{what} need a library ({error}): pip install 'mainspring[data]'") from error
