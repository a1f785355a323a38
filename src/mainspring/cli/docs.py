"""`mainspring docs`: the reference of the command line as Markdown, made from the commands themselves."""

import sys
from collections.abc import Iterator
from typing import Any

import typer

from mainspring.cli.app import app

_TITLE = """# The command line

<!-- Made by `mainspring docs`; change the commands' own words instead of this file. -->
"""


def docs() -> None:
    """Write the reference of the command line to stdout."""
    sys.stdout.write(reference())


def reference() -> str:
    """Give the reference."""
    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="mainspring")
    return "\n".join((_TITLE, *_root(root, context)))


def _root(root: Any, context: typer.Context) -> Iterator[str]:
    yield f"{root.help}\n"
    for block in root.epilog.split("\b\n"):
        if block.strip():
            title, _, lines = block.strip().partition("\n")
            yield f"{title}:\n\n```text\n{_dedent(lines)}\n```\n"
    yield "`mainspring COMMAND --help` says the same as the sections below.\n"
    yield from _options(root, context)
    for name in root.list_commands(context):
        yield from _command(root.get_command(context, name), f"mainspring {name}", 2)


def _command(command: Any, path: str, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{path}`\n"
    yield f"{(command.help or '').strip()}\n"
    context = typer.Context(command, info_name=path)
    below = command.list_commands(context) if hasattr(command, "commands") else []
    if not below or command.invoke_without_command:
        places = [_place(param) for param in _params(command, "argument")]
        yield f"```text\n{' '.join((path, '[OPTIONS]', *places))}\n```\n"
        yield from _arguments(command)
        yield from _options(command, context)
    for name in below:
        yield from _command(command.get_command(context, name), f"{path} {name}", level + 1)


def _arguments(command: Any) -> Iterator[str]:
    rows = [f"| `{_place(p)}` | {p.help or ''} |" for p in _params(command, "argument")]
    if rows:
        yield "\n".join(("| Argument | |", "|---|---|", *rows, ""))


def _options(command: Any, context: typer.Context) -> Iterator[str]:
    rows = [f"| {_names(p)} | {_help(p, context)} |" for p in _params(command, "option")]
    if rows:
        yield "\n".join(("| Option | |", "|---|---|", *rows, ""))


def _params(command: Any, kind: str) -> list[Any]:
    return [p for p in command.params if p.param_type_name == kind and not getattr(p, "hidden", False)]


def _place(argument: Any) -> str:
    name = f"{argument.metavar or argument.name.upper()}{'...' if argument.nargs != 1 else ''}"
    return name if argument.required else f"[{name}]"


def _names(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    takes_value = not option.is_flag
    return f"{names} {_value(option)}".rstrip() if takes_value else names


def _value(option: Any) -> str:
    return str(option.metavar or option.name.upper())


def _help(option: Any, context: typer.Context) -> str:
    words = option.help or ""
    default = option.get_default(context, call=False)
    if not option.show_default or callable(default) or default in (None, False, "", ()):
        return words
    return f"{words} Default: {'on' if default is True else f'`{default}`'}.".strip()


def _dedent(lines: str) -> str:
    return "\n".join(line.removeprefix("  ") for line in lines.splitlines())
