"""From a function's signature and docstring to the JSON schema a model is shown.

Type hints give the types, the docstring's first paragraph the description, its `Args:` section (Google style)
the descriptions of the parameters; `Annotated[..., Field(description=...)]` wins over both.
"""

import inspect
import re
import typing
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo

from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError

_ARGUMENT_LINE = re.compile(r"^\s{2,}\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")
_SECTION_LINE = re.compile(r"^(Args|Arguments|Parameters|Returns|Raises|Yields|Examples?|Notes?):\s*$")


def arguments_model(function: Callable[..., object], name: str) -> type[BaseModel]:
    """Make the pydantic model of a function's arguments.

    Raises:
        ConfigError: A parameter cannot be filled by name from JSON.
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ConfigError(f"tool {name!r}: a type hint cannot be resolved: {error}") from error
    descriptions = _argument_descriptions(inspect.getdoc(function) or "")
    fields = {
        parameter.name: _field(parameter, hints, descriptions, name)
        for parameter in inspect.signature(function).parameters.values()
    }
    try:
        return create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields)  # type: ignore[call-overload,no-any-return]  # fields are only known here
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation) as error:
        raise ConfigError(
            f"tool {name!r}: a parameter's type has no JSON schema; use str, numbers, lists, dicts or pydantic "
            f"models ({error})"
        ) from error


def parameters_schema(model: type[BaseModel]) -> JsonObject:
    """Give the arguments' JSON schema, without the titles that only cost tokens."""
    schema: JsonObject = _without_titles(model.model_json_schema())
    return schema


def summary(function: Callable[..., object]) -> str:
    """Give the docstring's text up to its first section."""
    lines: list[str] = []
    for line in (inspect.getdoc(function) or "").splitlines():
        if _SECTION_LINE.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def _field(
    parameter: inspect.Parameter, hints: dict[str, object], descriptions: dict[str, str], tool: str
) -> tuple[object, FieldInfo]:
    if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise ConfigError(f"tool {tool!r}: parameter {parameter} cannot be given by name; write it as a plain one")
    if parameter.name not in hints:
        raise ConfigError(f"tool {tool!r}: parameter {parameter.name!r} has no type hint; give it one")
    default = ... if parameter.default is parameter.empty else parameter.default
    description = descriptions.get(parameter.name)
    if isinstance(default, FieldInfo):
        return hints[parameter.name], default
    return hints[parameter.name], Field(default=default, description=description)


def _argument_descriptions(docstring: str) -> dict[str, str]:
    """Read the `Args:` section; a description may go on over deeper-indented lines."""
    descriptions: dict[str, str] = {}
    inside, current = False, None
    for line in docstring.splitlines():
        if section := _SECTION_LINE.match(line):
            inside, current = section[1] in {"Args", "Arguments", "Parameters"}, None
        elif inside and (match := _ARGUMENT_LINE.match(line)):
            current = match[1]
            descriptions[current] = match[2].strip()
        elif inside and current and line.strip():
            descriptions[current] += " " + line.strip()
    return descriptions


def _without_titles(schema: typing.Any) -> typing.Any:
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    is_schema_title = isinstance(schema.get("title"), str)
    return {
        key: _without_titles(value) for key, value in schema.items() if not (key == "title" and is_schema_title)
    }
