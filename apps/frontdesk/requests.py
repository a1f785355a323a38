"""Requests as people write them: wordings filled with values, and what each is to be handed on as.

`train` and `held_out` share no wording, and no model, city, SKU, price or order number. What is learnt from is only
what people wrote; the right tickets are known to the test alone.

    python -m apps.frontdesk.requests train      one request a line, for a teacher to answer
    python -m apps.frontdesk.requests held_out   a suite for `mainspring eval`
"""

import random
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic_core import to_json

from apps.frontdesk.said import NUMBERS
from apps.frontdesk.tools import DESKS, NEW_DESK
from mainspring.core import JsonObject, ToolSpec

Split = Literal["train", "held_out"]
_FILE: Final = Path(__file__).parent / "wordings.toml"
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    tool.name: tuple(tool.arguments.model_fields) for tool in (*DESKS, NEW_DESK)
}
_PLURAL: Final = {"bench": "benches", "shelf": "shelves"}


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody writes, and the ticket that is right for it."""

    words: str
    tool: str
    arguments: JsonObject


def requests(split: Split, each: int, seed: int = 0) -> list[Request]:
    """Fill every wording of a split `each` times, in a seeded order."""
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    rng = random.Random(f"{split} {seed}")  # noqa: S311 - nothing here is secret
    values = read["values"][split]
    wordings = [(tool, wording) for tool in _FIELDS for wording in read[tool].get(split, ())]
    filled = (_filled(tool, wording, values, rng) for tool, wording in wordings for _ in range(each))
    found = list({request.words: request for request in filled}.values())
    rng.shuffle(found)
    return found


def _filled(tool: str, wording: str, values: dict[str, list[Any]], rng: random.Random) -> Request:
    drawn = {name: rng.choice(options) for name, options in values.items()}
    drawn["order"] = f"O-{rng.randrange(16**6):06x}"
    shown = {
        name: f"{value:,}" if name == "max_euro" and rng.random() < 0.2 else value for name, value in drawn.items()
    }
    for name in ("number", "people"):
        if name in drawn and rng.random() < 0.5:
            shown[name] = NUMBERS[drawn[name]]
    kind = drawn["kind"]
    shown["kinds"] = kind if drawn["number"] == 1 else _PLURAL.get(kind, f"{kind}s")
    words = wording.format(**shown)
    drawn["max_euro"] *= "{max_euro}" in wording
    return Request(words[0].upper() + words[1:], tool, {name: drawn[name] for name in _FIELDS[tool]})


def main(split: Split, each: int) -> Iterator[JsonObject]:
    """Give what the command prints, a line each."""
    for place, request in enumerate(requests(split, each)):
        line: JsonObject = {"id": f"{split}-{place:03}", "question": request.words}
        if split == "held_out":
            line["tags"] = [request.tool]
            line["expect"] = {"calls": [{"name": request.tool, "arguments": request.arguments}]}
            if request.tool == NEW_DESK.name:
                line["tools"] = [_as_shown(tool.spec) for tool in (*DESKS, NEW_DESK)]
        yield line


def _as_shown(spec: ToolSpec) -> JsonObject:
    function: JsonObject = {"name": spec.name, "description": spec.description, "parameters": spec.parameters}
    return {"type": "function", "function": function}


if __name__ == "__main__":
    for line in main(
        "held_out" if sys.argv[1] == "held_out" else "train", int(sys.argv[2]) if len(sys.argv) > 2 else 4
    ):
        sys.stdout.write(to_json(line).decode() + "\n")
