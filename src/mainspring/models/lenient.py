"""Find the JSON that a model meant, in the words it wrote around it.

Small models fence their JSON, tag it or explain it. What is found is what was written: nothing is invented.
"""

import json
import re
from collections.abc import Iterator

import orjson
from pydantic import JsonValue

_DECODER = json.JSONDecoder()
_FENCED = re.compile(r"```[a-zA-Z_]*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_TAGGED = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)
_OPENING = re.compile(r"\{\s*[\"}]")
_MAX_FAILURES = 1_000
"""Braces that may turn out to open nothing; it bounds the work that a hostile or looping model can cause."""


def find_json(text: str) -> JsonValue | None:
    """Give the first JSON object or array in the text, fenced or bare; None where there is none."""
    return next(all_json(text), None)


def all_json(text: str) -> Iterator[JsonValue]:
    """Give every JSON object and array in the text that stands for itself, in order."""
    stripped = text.strip()
    whole = _loads(stripped)
    if isinstance(whole, dict | list):
        yield whole
        return
    pieces = _TAGGED.findall(stripped) or _FENCED.findall(stripped)
    found = False
    for piece in pieces:
        value = _loads(piece.strip())
        if isinstance(value, dict | list):
            found = True
            yield value
    if not found:
        yield from _embedded(stripped)


def _embedded(text: str) -> Iterator[JsonValue]:
    """Find objects in prose."""
    position, n_failures = 0, 0
    while n_failures < _MAX_FAILURES and (opening := _OPENING.search(text, position)):
        start = opening.start()
        try:
            _, position = _DECODER.raw_decode(text, start)
            yield orjson.loads(
                text[start:position]
            )  # it refuses what JSON does not have: NaN, half a surrogate pair
        except (ValueError, RecursionError):
            position, n_failures = start + 1, n_failures + 1


def _loads(text: str) -> JsonValue | None:
    try:
        value: JsonValue = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value
