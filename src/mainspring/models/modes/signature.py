"""A tool in one or two lines: what a small model needs to know to call it, and nothing else."""

from pydantic import JsonValue

from mainspring.core import JsonObject, ToolSpec


def signature(spec: ToolSpec) -> str:
    """Give `name(a: integer, b: "x"|"y" = "x"): what it does`, then a line for each described argument."""
    properties = _object(spec.parameters.get("properties"))
    arguments = _fields(spec.parameters, _object(spec.parameters.get("$defs")))
    lines = [f"{spec.name}({arguments}): {' '.join(spec.description.split())}"]
    lines += [
        f"  {name}: {description}"
        for name, value in properties.items()
        if (description := _object(value).get("description"))
    ]
    return "\n".join(lines)


def _fields(schema: JsonObject, defs: JsonObject, within: tuple[str, ...] = ()) -> str:
    """Write the fields of an object; what stands within itself is only named."""
    required = schema.get("required") or []
    return ", ".join(
        _argument(name, _object(value), name in required, defs, within)  # type: ignore[operator]  # a list in every JSON schema
        for name, value in _object(schema.get("properties")).items()
    )


def _argument(name: str, schema: JsonObject, required: bool, defs: JsonObject, within: tuple[str, ...]) -> str:
    text = f"{name}: {_type(schema, defs, within)}"
    if required:
        return text
    return f"{text} = {_literal(schema['default'])}" if schema.get("default") is not None else f"{text} (optional)"


def _type(schema: JsonObject, defs: JsonObject, within: tuple[str, ...]) -> str:
    if "enum" in schema:
        return "|".join(_literal(value) for value in _list(schema["enum"]))
    if "const" in schema:
        return _literal(schema["const"])
    if choices := schema.get("anyOf"):
        return "|".join(dict.fromkeys(_type(_object(choice), defs, within) for choice in _list(choices)))
    if schema.get("type") == "array":
        return f"{_type(_object(schema.get('items')), defs, within)}[]"
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return name if name in within else _type(_object(defs.get(name)), defs, (*within, name))
    if schema.get("properties"):
        return f"{{{_fields(schema, defs, within)}}}"
    return str(schema.get("type", "any"))


def _literal(value: JsonValue) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
