"""What a person asks for on the command line, read and checked: words, prompt inputs, tool arguments."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError

AgentName = Annotated[str, typer.Argument(metavar="AGENT", help="Folder, file or module of the agent.")]
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="WORDS", help="What it is asked; '-' or nothing reads stdin.", show_default=False),
]
ModelName = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Use this model instead of the agent's own.")
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", metavar="NAME=VALUE", help="Fill in an input of the agent's prompt; repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def read_words(words: Sequence[str] | None) -> str:
    """Give the words that were typed, or those on stdin.

    Raises:
        ConfigError: There are none, or they are not text.
    """
    if not words and sys.stdin.isatty():
        raise ConfigError("nothing was asked; write the words behind the agent, or pipe them in")
    text = _from_stdin() if not words or list(words) == ["-"] else " ".join(words)
    if not text.strip():
        raise ConfigError("nothing was asked: the words are empty")
    return checked(text)


def checked(text: str) -> str:
    """Give text that can be sent.

    Raises:
        ConfigError: It holds bytes that are not UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"the words are not UTF-8 text: {error}") from error
    return text


def read_pairs(pairs: Sequence[str] | None, what: str) -> dict[str, str]:
    """Read `NAME=VALUE` pairs.

    Raises:
        ConfigError: One has no `=` or no name, or a name comes twice.
    """
    found: dict[str, str] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ConfigError(f"{what} {pair!r} is not NAME=VALUE")
        if name in found:
            raise ConfigError(f"{what} {name!r} is given twice")
        found[name] = checked(value)
    return found


def read_arguments(given: Sequence[str], parameters: JsonObject) -> JsonObject:
    """Read a tool's arguments: one JSON object, or `name=value` pairs.

    A value counts as JSON where it is JSON and the tool does not want a string; as text otherwise.

    Raises:
        ConfigError: They are neither.
    """
    if len(given) == 1 and given[0].lstrip().startswith("{"):
        from pydantic_core import from_json

        try:
            return dict(from_json(checked(given[0])))
        except ValueError as error:
            raise ConfigError(f"the arguments are not a JSON object: {error}") from error
    properties: Any = parameters.get("properties", {})
    return {
        name: value if properties.get(name, {}).get("type") == "string" else _json_or_text(value)
        for name, value in read_pairs(given, "argument").items()
    }


def _json_or_text(value: str) -> Any:
    from pydantic_core import from_json

    try:
        return from_json(value)
    except ValueError:
        return value


def _from_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode().strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"what stdin gave is not UTF-8 text: {error}") from error
