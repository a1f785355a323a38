"""Which store a command works on, and how other commands on the same store are written.

`--store`, then `MAINSPRING_STORE`, then `mainspring.db` in the working directory. Whoever only looks makes no file.
"""

import getpass
import os
import re
import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from mainspring.core.errors import ConfigError

VARIABLE: Final = "MAINSPRING_STORE"
DEFAULT: Final = "mainspring.db"
_SCHEME: Final = "sqlite:///"
_PASSWORD: Final = re.compile(r"(?<=://)([^:/@\s]*):[^@/\s]*@")

StoreName = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="STORE",
        envvar=VARIABLE,
        show_envvar=False,
        show_default=False,
        help="Keep the run in this file or at this postgresql:// URL; MAINSPRING_STORE if not given.",
    ),
]
"""For a command that does without a store."""

Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="STORE",
        envvar=VARIABLE,
        show_envvar=False,
        show_default=False,
        help="A file or a postgresql:// URL; MAINSPRING_STORE, then mainspring.db if not given.",
    ),
]

By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who says so; your login name if not given.", show_default=False),
]


def existing(store: str | None) -> str:
    """Give the store to work on.

    Raises:
        ConfigError: It is a file that is not there.
    """
    url = store or DEFAULT
    path = url.removeprefix(_SCHEME)
    if "://" in path or Path(path).is_file():
        return url
    raise ConfigError(
        f"there is no store {path!r} here; `mainspring run AGENT WORDS --store {shlex.quote(path)}` makes one, "
        f"and --store or {VARIABLE} names another"
    )


def typed(store: str | None, *words: str) -> str:
    """Write a command on the same store as it is typed; a password is left out."""
    url = store or DEFAULT
    shown = [] if url in (DEFAULT, os.environ.get(VARIABLE)) else ["--store", _PASSWORD.sub(r"\1@", url)]
    return shlex.join(("mainspring", *words, *shown))


def who(by: str | None) -> str:
    """Name whoever gives the command."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may run as a number without a name
        return ""
