"""From a function's signature and docstring to the JSON schema a model is shown.

Type hints give the types, the docstring's first paragraph the description, its `Args:` section (Google style)
the descriptions of the parameters; `Annotated[..., Field(description=...)]` wins over both.
"""

import functools
import inspect
import re
import typing
import warnings
from collections.abc import Callable
from types import SimpleNamespace

from pydantic import BaseModel, ConfigDict, PydanticUserError, TypeAdapter, create_model

from mainspring.core import JsonObject
from mainspring.core.errors import ConfigError

_ARGUMENT_LINE = re.compile(r"^\s{2,}\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")
_SECTION_LINE = re.compile(r"^(Args|Arguments|Parameters|Returns|Raises|Yields|Examples?|Notes?):\s*$")


def arguments(function: Callable[..., object], name: str) -> tuple[type[BaseModel], JsonObject]:
    """Make the pydantic model of a function's arguments, and its JSON schema without the titles that cost tokens.

    Raises:
        ConfigError: A parameter cannot be filled by name from JSON.
    """
    names = _globals(function)
    fields = {
        parameter.name: _field(parameter, names, name)
        for parameter in inspect.signature(function).parameters.values()
    }
    try:
        model = _model(f"{name}_arguments", fields)
        schema: JsonObject = _without_titles(model.model_json_schema())
    except (PydanticUserError, NameError) as error:
        raise ConfigError(
            f"tool {name!r}: the type of parameter {_without_schema(fields)!r} has no JSON schema; "
            f"use str, numbers, lists, dicts or pydantic models ({str(error).splitlines()[0]})"
        ) from error
    for argument, description in _argument_descriptions(docstring(function)).items():
        if isinstance(properties := schema["properties"], dict) and isinstance(
            of := properties.get(argument), dict
        ):
            of.setdefault("description", description)
    return model, schema


def schema_of(model: type[BaseModel]) -> JsonObject:
    """Give the JSON schema of a model's fields as a tool's parameters, without the titles that cost tokens."""
    schema: JsonObject = _without_titles(model.model_json_schema())
    schema.pop("description", None)  # of the class, which nobody calls
    return schema


def docstring(function: Callable[..., object]) -> str:
    """Give the docstring of a function, of what a `partial` fills in, or of an object's call or class."""
    if isinstance(function, functools.partial):
        return docstring(function.func)
    own = None if inspect.isroutine(function) else inspect.getdoc(type(function).__call__)
    return own or inspect.getdoc(function) or ""


def summary(function: Callable[..., object]) -> str:
    """Give the docstring's text up to its first section."""
    lines: list[str] = []
    for line in docstring(function).splitlines():
        if _SECTION_LINE.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def _field(parameter: inspect.Parameter, names: dict[str, object], tool: str) -> tuple[object, object]:
    if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise ConfigError(f"tool {tool!r}: parameter {parameter} cannot be given by name; write it as a plain one")
    if parameter.name.startswith("_") or (
        parameter.name.startswith("model_") and hasattr(BaseModel, parameter.name)
    ):
        raise ConfigError(
            f"tool {tool!r}: parameter {parameter.name!r} has a name that pydantic reserves; rename it"
        )
    return _hint(parameter, names, tool), ... if parameter.default is parameter.empty else parameter.default


def _hint(parameter: inspect.Parameter, names: dict[str, object], tool: str) -> object:
    """Give a parameter's type, looked up among the function's own global names where it is written as a string."""
    if parameter.annotation is parameter.empty:
        raise ConfigError(f"tool {tool!r}: parameter {parameter.name!r} has no type hint; give it one")
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return typing.get_type_hints(holder, names, include_extras=True)[parameter.name]
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        raise ConfigError(
            f"tool {tool!r}: the type hint of parameter {parameter.name!r} cannot be resolved ({error}); "
            "it must name something in the module of the function"
        ) from error


def _globals(function: Callable[..., object]) -> dict[str, object]:
    """Give the global names of the module that a function, method, `partial` or callable object was written in."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not inspect.isroutine(function):
        function = type(function).__call__
    return getattr(function, "__globals__", {})


def _model(name: str, fields: dict[str, typing.Any]) -> type[BaseModel]:
    with warnings.catch_warnings():
        # An argument may well be called `json` or `copy`: nobody asks this model for its methods of that name.
        warnings.filterwarnings("ignore", message="Field name .* shadows an attribute")
        model: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    return model


def _without_schema(fields: dict[str, typing.Any]) -> str:
    """Find the parameter whose type pydantic cannot describe."""
    for name, (hint, _) in fields.items():
        try:
            TypeAdapter(hint).json_schema()
        except (PydanticUserError, NameError):
            return name
    return ", ".join(fields)


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
