"""The lead: serves a customer who wants several things at once, by asking one member after the other.

Each member is handed the whole conversation and sees to its own part of it, so the lead needs no model. What is
wanted instead of an order is not sold unless the order was seen to: the customer would have both.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from apps.storefront.desk import DONE
from apps.storefront.routing import Role, roles_for
from mainspring import Agent
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.teams import handoff

_INSTEAD: Final = re.compile(r"(?=.*\b(instead|rather)\b)(?=.*\bcancel)", re.IGNORECASE | re.DOTALL)
"""Words of somebody who wants furniture in the place of an order."""
_NOT_SOLD: Final = "So nothing else is ordered instead; if you want it all the same, please say so."


def lead(name: str, members: Mapping[Role, Agent]) -> Agent:
    """Make the lead.

    Args:
        name: What its runs go by.
        members: Whom it asks, by what they do.
    """

    def routine(words: str) -> Routine:
        told: list[str] = []
        is_undone = False
        for role in roles_for(words):
            if role == "sales" and is_undone and _INSTEAD.search(words):
                told.append(_NOT_SOLD)
                continue
            (result,) = yield Step((call(role, reason="its part"),))
            told.append(f"The {role} did not answer: {result.text}" if result.is_error else result.text)
            is_undone = is_undone or (role == "service" and not result.text.startswith(DONE))
        return "\n\n".join(told)

    tools = [replace(handoff(member, name=role), answers=False) for role, member in members.items()]
    words = "Serves a customer who wants several things at once."
    return Agent(name, model=RoutineModel(name, routine), tools=tools, description=words)
