"""Plans in a store and back, whichever version wrote them."""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from mainspring.core import JsonObject
from mainspring.core.errors import Conflict, JournalError
from mainspring.runs.journal import GoalQuery, GoalRow, Goals
from mainspring.runs.plans.plan import Plan
from mainspring.runs.plans.states import is_open, wakes

VERSION: Final = 1
UPCASTERS: Final[Mapping[int, Callable[[JsonObject], JsonObject]]] = {}
"""Version to the function that makes the next version of it."""
_FIELDS: Final = TypeAdapter(JsonObject)


async def read(goals: Goals, id: str) -> Plan | None:  # noqa: A002 - it is one
    """Give a plan; None where there is none of that id.

    Raises:
        JournalError: A newer Mainspring wrote it, or it is damaged.
    """
    for row in await goals.goals(GoalQuery(ids=[id])):
        return decode(row)
    return None


async def write(goals: Goals, plan: Plan, at: float) -> None:
    """Write a plan as the revision that it says it is.

    Raises:
        Conflict: Another one was written meanwhile.
    """
    row = GoalRow(
        id=plan.id,
        revision=plan.revision,
        user=plan.user,
        is_open=is_open(plan),
        created_at=plan.created_at,
        updated_at=at,
        body=plan.model_dump_json(),
    )
    await goals.write_goal(row, wakes(plan))


async def written(goals: Goals, before: Plan, after: Plan, at: float) -> Plan | None:
    """Write what a plan has become, and give it; None where somebody else has written to it meanwhile."""
    if after == before:
        return before
    plan = after.model_copy(update={"revision": before.revision + 1})
    try:
        await write(goals, plan, at)
    except Conflict:
        return None
    return plan


def decode(row: GoalRow) -> Plan:
    """Make a plan of its row.

    Raises:
        JournalError: A newer Mainspring wrote it, or it is damaged.
    """
    try:
        fields = _FIELDS.validate_json(row.body)
        version = fields.get("version")
        if not isinstance(version, int) or not 1 <= version <= VERSION:
            raise JournalError(
                f"goal {row.id!r} has version {version!r}, and the newest known here is {VERSION}; read it with "
                "the Mainspring that wrote it, or a newer one"
            )
        for older in range(version, VERSION):
            fields = UPCASTERS[older](fields) | {"version": older + 1}
        return Plan.model_validate_json(row.body) if version == VERSION else Plan.model_validate(fields)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, item["loc"])) for item in error.errors(include_input=False))
        raise JournalError(f"goal {row.id!r} is damaged in {wrong or 'its JSON'}; restore a copy") from error
