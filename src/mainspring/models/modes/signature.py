"""A tool in one or two lines: what a small model needs to know to call it, and nothing else."""

from pydantic import JsonValue

from mainspring.core import JsonObject, ToolSpec


def signature(spec: ToolSpec) -> str:
    """Give `name(a: integer, b: "x"|"y" = "x"): what it does`, then a line for each described argument."""
    properties = _object(spec.parameters.get("properties"))
    required = spec.parameters.get("required") or []
    arguments = [_argument(name, _object(value), name in required) for name, value in properties.items()]  # type: ignore[operator]  # `required` is a list in every JSON schema
    lines = [f"{spec.name}({', '.join(arguments)}): {' '.join(spec.description.split())}"]
    lines += [
        f"  {name}: {description}"
        for name, value in properties.items()
        if (description := _object(value).get("description"))
    ]
    return "\n".join(lines)


def _argument(name: str, schema: JsonObject, required: bool) -> str:
    text = f"{name}: {_type(schema)}"
    if required:
        return text
    return f"{text} = {_literal(schema['default'])}" if schema.get("default") is not None else f"{text} (optional)"


def _type(schema: JsonObject) -> str:
    if "enum" in schema:
        return "|".join(_literal(value) for value in _list(schema["enum"]))
    if "const" in schema:
        return _literal(schema["const"])
    if choices := schema.get("anyOf"):
        return "|".join(dict.fromkeys(_type(_object(choice)) for choice in _list(choices)))
    if schema.get("type") == "array":
        return f"{_type(_object(schema.get('items')))}[]"
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return str(schema.get("type", "any"))


def _literal(value: JsonValue) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
