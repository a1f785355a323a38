"""The clerk: finds what a customer wants, and orders it if the customer does.

Its words are the answer: what was found, what is still to be said, the confirmation, or why nothing was ordered. A
small model that lacks an address or a SKU makes one up, so the clerk is told which fields of its task nobody has
said (`said.py`), and takes them for empty; where SKUs are among them, it orders nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic_core import from_json

from apps.storefront.said import WHERETO, unsaid, wishes_said
from apps.storefront.tasks import SaleTask
from apps.storefront.tools.fields import Choice, Reservation
from mainspring import Agent
from mainspring.agent.child import Child
from mainspring.core import JsonObject, Message
from mainspring.core.events import ChildCalled
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.tools import AnyTool

_UNSAID: Final = "unsaid"
_WANTED: Final = ("wanted", "stands", "terrace_city", "max_total_euro", "skus", "look")
_TO_A_MODEL: Final = ". Do not make the same call again"
"""What a model is told of a human's no, and is nothing for a customer."""


@dataclass(frozen=True, slots=True)
class _Heard(Child):
    """Waits for the clerk, and tells it which of its fields nobody has said; wishes of nobody are left out."""

    def intent(self, key: str, arguments: JsonObject, said: Sequence[Message]) -> ChildCalled:
        """Hand the clerk its task; what nobody said stands first, so that no field can say it instead."""
        heard = {**arguments, "wanted": wishes_said(arguments, said)}
        return Child.intent(self, key, {_UNSAID: " ".join(unsaid(arguments, said)), **heard}, said)


def clerk(name: str, find: AnyTool, reserve: AnyTool, place: AnyTool) -> AnyTool:
    """Make the clerk.

    What is reserved is placed at the total that it was reserved at, so that a human who is asked between the two
    says yes to just what is ordered.

    Args:
        name: What its runs go by; the clerks of two customers are two.
        find: Finds furniture.
        reserve: Reserves for a customer.
        place: Places what is reserved.
    """

    def routine(task: str) -> Routine:
        asked, made_up = _read(task)
        wanted = {field: asked[field] for field in _WANTED}
        (found,) = yield Step((call(find.name, **wanted, which="best match"),))
        if found.is_error:
            return f"Nothing was found: {found.text}"
        choice = Choice.model_validate_json(found.text)
        if asked["customer"] == "asks" or not choice.items:
            return choice.says
        if "skus" in made_up:
            return f"{choice.says} Nothing is ordered; to order them, please say their SKUs."
        missing = [field.replace("_", " ") for field in WHERETO if not asked[field]]
        if missing:
            return f"{choice.says} To order, please say where it shall go to; not known yet: {', '.join(missing)}."
        whereto = {field: asked[field] for field in (*WHERETO, "day", "max_total_euro")}
        (held,) = yield Step((call(reserve.name, items=[item.model_dump() for item in choice.items], **whereto),))
        if held.is_error:
            return f"Nothing was ordered: {held.text}"
        order = Reservation.model_validate_json(held.text)
        (placed,) = yield Step((call(place.name, order=order.order, total=order.total),))
        if not placed.is_error:
            return placed.text
        why = placed.text.removeprefix(f"{place.name} was not called: ").partition(_TO_A_MODEL)[0]
        return f"Order {order.order} of {order.total} is not placed: {why}"

    words = "Tells what there is, and orders it; its words are the answer to the customer."
    agent = Agent(name, model=RoutineModel(name, routine), tools=[find, reserve, place], description=words)
    return replace(agent.as_tool(name="clerk", task=SaleTask), waits=_Heard(agent), answers=True)


def _read(task: str) -> tuple[JsonObject, list[str]]:
    """Read a task, a line for each field, and which fields are made up; those are empty.

    A line that begins no field goes on with the one before it.
    """
    fields: dict[str, str] = {}
    last = ""
    for line in task.splitlines():
        name, _, value = line.partition(": ")
        if name in {_UNSAID, *SaleTask.model_fields} and name not in fields:
            fields[name], last = value, name
        elif last:
            fields[last] += f" {line}"
    made_up = fields.pop(_UNSAID).split()
    read = {name: from_json(fields[name]) for name in ("wanted", "max_total_euro")}
    return {**fields, **read, **dict.fromkeys(made_up, "")}, made_up
