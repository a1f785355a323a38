"""Rows against forgetting: what a model says of other things before it is trained is what it is to say afterwards.

Self-synthesized rehearsal (2403.01244): the model's own replies to questions that have nothing to do with the task
are mixed into what it learns. They are no better than the model is, and need no other data. A row names its tools,
which are none: so it is put into the words that the model is asked in when it is served.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from mainspring.core import Answer, JsonObject, Message, Model, Options, Request, Sampling
from mainspring.fly.requests import Request as Asked

_REPLY_TOKENS: Final = 200
_GREEDY: Final = Sampling(temperature=0, max_output_tokens=_REPLY_TOKENS)


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str


async def rehearse(
    model: Model, asked: Sequence[Asked], out: Path, *, on_done: Callable[[int], None] | None = None
) -> int:
    """Write a model's own replies as rows, and give how many there are; those that are there already stay.

    Args:
        model: Who is going to be trained.
        asked: Questions of other things than the task.
        out: A JSONL file, one row a line. Questions whose replies cannot be used stand in a file beside it, an id a
            line, and are not asked again.
        on_done: Is told after each question how many were asked.

    Raises:
        ModelError: The model cannot be reached.
    """
    kept, left_out = _kept(out), out.with_suffix(".left_out")
    answered = kept | _lines(left_out)
    with out.open("ab") as rows, left_out.open("ab") as others:
        for place, request in enumerate(asked, 1):
            if request.id not in answered:
                row = await _row(model, request)
                if row is None:
                    others.write(request.id.encode() + b"\n")
                else:
                    rows.write(to_json({"id": request.id, "messages": row, "tools": []}) + b"\n")
                    kept.add(request.id)
                rows.flush()
                others.flush()
            if on_done is not None:
                on_done(place)
    return len(kept)


async def _row(model: Model, request: Asked) -> list[JsonObject] | None:
    said = Request(messages=(Message.user(request.question),), options=Options(), sampling=_GREEDY)
    decision = (await model.ask(said)).decision
    if not isinstance(decision, Answer):
        return None
    return [
        {"role": "user", "content": request.question},
        {"role": "assistant", "content": str(decision.value), "reasoning_content": decision.thought},
    ]


def _kept(out: Path) -> set[str]:
    """Give the ids of the rows that are there."""
    return {_Kept.model_validate_json(line).id for line in _lines(out)}


def _lines(path: Path) -> set[str]:
    """Give the lines of a file; a last one that a crash cut off is cut off for good."""
    if not path.exists():
        return set()
    written = path.read_bytes()
    whole = written[: written.rfind(b"\n") + 1]
    if len(whole) < len(written):
        path.write_bytes(whole)
    return {line.decode() for line in whole.splitlines()}
