"""Hold a value against a JSON schema: the part of draft 2020-12 that answers and arguments are described with.

A keyword that is not understood is an error of the schema rather than passed over: nothing is called valid that
was not looked at.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pydantic import JsonValue

from mainspring.core import JsonObject
from mainspring.evals.values import close

_SAYS_NOTHING: Final = frozenset(
    (
        "title",
        "description",
        "default",
        "examples",
        "format",
        "$defs",
        "$schema",
        "$id",
        "$comment",
        "discriminator",
    )
)
_DEFINITIONS: Final = "#/$defs/"
_DEEPEST: Final = 64


def faults(value: JsonValue, schema: JsonObject) -> list[str]:
    """Say what a value has that its schema forbids, each with where it is."""
    return list(_faults(value, schema, schema, "", 0))


def schema_problems(schema: JsonValue, place: str = "") -> Iterator[str]:
    """Say what of a schema cannot be held against a value."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{place or 'the schema'} is neither an object nor true or false"
        return
    for keyword, of in schema.items():
        where = f"{place}/{keyword}"
        for name, part in _parts(keyword, of):
            yield from schema_problems(part, f"{where}{name}")
        if keyword == "$ref" and not str(of).startswith(_DEFINITIONS):
            yield f"{where} leads out of the schema: {of!r}"
        if keyword not in _CHECKS and keyword not in _SAYS_NOTHING and keyword != "$ref":
            yield f"{where} is a keyword that is not understood here"


def _parts(keyword: str, of: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Give the schemas in a keyword, each with its place."""
    if keyword in ("properties", "$defs") and isinstance(of, dict):
        yield from ((f"/{name}", part) for name, part in of.items())
    elif keyword in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(of, list):
        yield from ((f"/{number}", part) for number, part in enumerate(of))
    elif keyword in ("items", "additionalProperties", "not"):
        yield "", of


def _faults(value: JsonValue, schema: JsonValue, root: JsonObject, at: str, depth: int) -> Iterator[str]:
    if isinstance(schema, bool) or not isinstance(schema, dict):
        if schema is False:
            yield f"{at or 'it'} may not be there"
        return
    if depth > _DEEPEST:
        yield f"{at or 'it'} is nested too deep"
        return

    def look(part: JsonValue, of: JsonValue, where: str) -> list[str]:
        return list(_faults(part, of, root, where, depth + 1))

    if isinstance(reference := schema.get("$ref"), str):
        definitions: Any = root.get("$defs", {})
        yield from look(value, definitions.get(reference.removeprefix(_DEFINITIONS), False), at)
    for keyword, of in schema.items():
        if (check := _CHECKS.get(keyword)) is not None:
            yield from check(value, of, schema, at, look)


Look = Callable[[JsonValue, JsonValue, str], list[str]]
_Check = Callable[[JsonValue, Any, JsonObject, str, Look], Iterator[str]]


def _is(value: JsonValue, kind: str) -> bool:
    if kind == "integer":
        return not isinstance(value, bool) and (
            isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        )
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, _TYPES.get(kind, ()))


_TYPES: Final[Mapping[str, Any]] = {
    "string": str,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def _type(value: JsonValue, of: Any, _: JsonObject, at: str, __: Look) -> Iterator[str]:
    kinds = of if isinstance(of, list) else [of]
    if not any(_is(value, kind) for kind in kinds):
        yield f"{at or 'it'} is {value!r} instead of {' or '.join(kinds)}"


def _enum(value: JsonValue, of: Any, _: JsonObject, at: str, __: Look) -> Iterator[str]:
    if not any(_equal(value, one) for one in of):
        yield f"{at or 'it'} is {value!r} instead of one of {of!r}"


def _const(value: JsonValue, of: Any, _: JsonObject, at: str, __: Look) -> Iterator[str]:
    if not _equal(value, of):
        yield f"{at or 'it'} is {value!r} instead of {of!r}"


def _equal(one: JsonValue, other: JsonValue) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _required(value: JsonValue, of: Any, _: JsonObject, at: str, __: Look) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{_in(at, name)} is missing" for name in of if name not in value)


def _properties(value: JsonValue, of: Any, _: JsonObject, at: str, look: Look) -> Iterator[str]:
    if isinstance(value, dict):
        for name in of:
            if name in value:
                yield from look(value[name], of[name], _in(at, name))


def _additional(value: JsonValue, of: Any, schema: JsonObject, at: str, look: Look) -> Iterator[str]:
    known: Any = schema.get("properties", {})
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in known:
                yield from look(part, of, _in(at, name))


def _items(value: JsonValue, of: Any, schema: JsonObject, at: str, look: Look) -> Iterator[str]:
    first: Any = schema.get("prefixItems", [])
    if isinstance(value, list):
        for place, item in enumerate(value[len(first) :], start=len(first)):
            yield from look(item, of, f"{at}[{place}]")


def _prefix(value: JsonValue, of: Any, _: JsonObject, at: str, look: Look) -> Iterator[str]:
    if isinstance(value, list):
        for place, (item, part) in enumerate(zip(value, of, strict=False)):
            yield from look(item, part, f"{at}[{place}]")


def _any_of(value: JsonValue, of: Any, _: JsonObject, at: str, look: Look) -> Iterator[str]:
    found = [look(value, part, at) for part in of]
    if all(found):
        yield from min(found, key=len, default=[])


def _one_of(value: JsonValue, of: Any, schema: JsonObject, at: str, look: Look) -> Iterator[str]:
    n_fit = sum(not look(value, part, at) for part in of)
    if not n_fit:
        yield from _any_of(value, of, schema, at, look)
    elif n_fit > 1:
        yield f"{at or 'it'} fits {n_fit} forms, and should fit one"


def _all_of(value: JsonValue, of: Any, _: JsonObject, at: str, look: Look) -> Iterator[str]:
    for part in of:
        yield from look(value, part, at)


def _not(value: JsonValue, of: Any, _: JsonObject, at: str, look: Look) -> Iterator[str]:
    if not look(value, of, at):
        yield f"{at or 'it'} is {value!r}, which is excluded"


def _bound(fits: Callable[[Any, Any], bool], says: str, measure: Callable[[JsonValue], float | None]) -> _Check:
    def check(value: JsonValue, of: Any, _: JsonObject, at: str, __: Look) -> Iterator[str]:
        measured = measure(value)
        if measured is not None and not fits(measured, of):
            yield f"{at or 'it'} {says} {of}"

    return check


def _number(value: JsonValue) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _n_chars(value: JsonValue) -> int | None:
    return len(value) if isinstance(value, str) else None


def _n_items(value: JsonValue) -> int | None:
    return len(value) if isinstance(value, list) else None


def _pattern(value: JsonValue, of: Any, _: JsonObject, at: str, __: Look) -> Iterator[str]:
    if isinstance(value, str) and not re.search(of, value):
        yield f"{at or 'it'} is {value!r}, which does not match {of!r}"


def _in(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


_CHECKS: Final[Mapping[str, _Check]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "prefixItems": _prefix,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
    "not": _not,
    "minimum": _bound(lambda value, of: value >= of, "is less than", _number),
    "maximum": _bound(lambda value, of: value <= of, "is more than", _number),
    "exclusiveMinimum": _bound(lambda value, of: value > of, "is not more than", _number),
    "exclusiveMaximum": _bound(lambda value, of: value < of, "is not less than", _number),
    "multipleOf": _bound(
        lambda value, of: close(round(value / of) * of, value, 1e-9), "is no multiple of", _number
    ),
    "minLength": _bound(lambda value, of: value >= of, "has fewer characters than", _n_chars),
    "maxLength": _bound(lambda value, of: value <= of, "has more characters than", _n_chars),
    "minItems": _bound(lambda value, of: value >= of, "has fewer items than", _n_items),
    "maxItems": _bound(lambda value, of: value <= of, "has more items than", _n_items),
    "pattern": _pattern,
}
