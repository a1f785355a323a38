"""The command line: `mainspring`, with one file for each command or group of commands.

The only room that knows typer and rich, and one of the few that build concrete objects. A command's file is
imported when the command is used, so that `--version` and `--help` stay quick. Imports every other room.
"""

from mainspring.cli.app import main

__all__ = ["main"]
