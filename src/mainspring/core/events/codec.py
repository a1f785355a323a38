"""Events as JSON and back, whichever version wrote them."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Final, get_args

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import to_json

from mainspring.core.errors import EventVersionError
from mainspring.core.events.lifecycle import (
    Attempted,
    BudgetExceeded,
    BudgetRaised,
    CancelAsked,
    DoubtFound,
    Resumed,
    Submitted,
)
from mainspring.core.events.steps import (
    Cancelled,
    Compacted,
    Corrected,
    EffectFailed,
    Escalated,
    Failed,
    Finished,
    ModelCalled,
    ModelReplied,
    RunStarted,
    ToolCalled,
    ToolReturned,
)
from mainspring.core.events.waits import ChildCalled, ChildEnded, HumanAnswered, HumanAsked, TimerRang, TimerSet
from mainspring.core.messages import JsonObject

_AnyEvent = (
    RunStarted
    | ModelCalled
    | ModelReplied
    | ToolCalled
    | ToolReturned
    | EffectFailed
    | Corrected
    | Escalated
    | Compacted
    | Finished
    | Failed
    | Cancelled
    | HumanAsked
    | HumanAnswered
    | TimerSet
    | TimerRang
    | ChildCalled
    | ChildEnded
    | Submitted
    | Attempted
    | DoubtFound
    | BudgetExceeded
    | BudgetRaised
    | Resumed
    | CancelAsked
)
Event = Annotated[_AnyEvent, Field(discriminator="type")]

Upcaster = Callable[[JsonObject], JsonObject]


def _replied_without_its_message(fields: JsonObject) -> JsonObject:
    """Version 1 said the decision twice: as it is, and as the message it makes."""
    message = fields.pop("message")
    if not isinstance(message, dict):
        raise EventVersionError("event 'model_replied' version 1 is damaged: its message is no object")
    return fields | {"label": message.get("label"), "raw": message.get("raw")}


def _replied_by_one_server(fields: JsonObject) -> JsonObject:
    """Version 2 knew no pools."""
    return fields | {"member": ""}


def _child_given_its_task_only(fields: JsonObject) -> JsonObject:
    """Version 1 knew no conversation that is handed on, no typed answers and no budgets of children."""
    return fields | {"messages": [], "answer_schema": None, "budget": None}


def _corrected_with_its_problem(fields: JsonObject) -> JsonObject:
    """Version 1 told the problem in the words of the message only."""
    return fields | {"problem": ""}


def _as_it_is(fields: JsonObject) -> JsonObject:
    """Change nothing: `corrected` 2 knew no judge; before messages could be pinned or summaries, none were."""
    return fields


UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {
    ("model_replied", 1): _replied_without_its_message,
    ("model_replied", 2): _replied_by_one_server,
    ("child_called", 1): _child_given_its_task_only,
    ("corrected", 1): _corrected_with_its_problem,
    ("corrected", 2): _as_it_is,
    ("corrected", 3): _as_it_is,
    ("run_started", 1): _as_it_is,
    ("child_called", 2): _as_it_is,
}
"""(event type, version) to the function that makes the next version of it."""

_VERSIONS: Final[dict[str, int]] = {
    str(cls.__dataclass_fields__["type"].default): cls.VERSION for cls in get_args(_AnyEvent)
}


@cache
def _checked() -> TypeAdapter[Event]:
    return TypeAdapter(Event, config=ConfigDict(extra="forbid"))


def encode(event: object) -> bytes:
    """Write an event as JSON."""
    return to_json(event)


def decode(data: Mapping[str, JsonValue]) -> Event:
    """Make an event of its JSON object, whichever version wrote it.

    Raises:
        EventVersionError: A newer Mainspring wrote it, or it is no event at all.
    """
    fields = dict(data)
    name, version = fields.get("type"), fields.get("version", 1)
    known = _VERSIONS.get(name) if isinstance(name, str) else None
    if known is None or not isinstance(version, int) or not 1 <= version <= known:
        raise EventVersionError(
            f"event {name!r} version {version!r} is not known here (newest known: {known}); "
            "read it with the Mainspring that wrote it, or a newer one"
        )
    for older in range(version, known):
        fields = UPCASTERS[str(name), older](fields) | {"version": older + 1}
    try:
        return _checked().validate_json(to_json(fields))
    except ValidationError as error:
        raise EventVersionError(f"event {name!r} version {version} is damaged: {error}") from error


def decode_json(text: bytes | str) -> Event:
    """Make an event of its JSON text; at once where it is of the present version.

    Raises:
        EventVersionError: A newer Mainspring wrote it, or it is no event at all.
    """
    try:
        event = _checked().validate_json(text)
        if event.version == event.VERSION:
            return event
    except ValidationError:
        pass
    try:
        fields: JsonObject = TypeAdapter(JsonObject).validate_json(text)
    except ValidationError as error:
        raise EventVersionError(f"what is stored is no event: {error}") from error
    return decode(fields)
