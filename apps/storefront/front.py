"""The front: hands the conversation to whoever answers, by the customer's words and what they reply to."""

from collections.abc import Mapping
from decimal import Decimal

from apps.storefront.routing import Role, roles_for
from apps.storefront.said import Said
from mainspring import Agent
from mainspring.core import OnDelta, Reply, Request, Usage
from mainspring.core.errors import NobodyAnswered
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.teams import handoff


class _Rule:
    """Decides by a rule over the conversation."""

    calls_at_most = 0
    """No server is asked: a budget holds nothing back for it."""

    def __init__(self, name: str, members: Mapping[Role, Agent], lead: Agent) -> None:
        self.name = name
        self._members = members
        self._lead = lead

    def price(self, usage: Usage) -> Decimal:  # noqa: ARG002 - it is free whatever is asked
        """Give the US dollars of a usage: none."""
        return Decimal(0)

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Hand the conversation over."""
        said = Said.of(request.messages)
        first, *others = roles_for(said.last, said.answer)
        chosen = self._lead if others else self._members[first]

        def routine(_: str) -> Routine:
            (failed,) = yield Step((call(chosen.name, reason="routed"),))  # whose result is the answer
            raise NobodyAnswered(f"{chosen.name} came to nothing: {failed.text}")

        return await RoutineModel(self.name, routine).ask(request, on_delta)


def front(name: str, members: Mapping[Role, Agent], lead: Agent, *, description: str) -> Agent:
    """Make the one whom customers talk to.

    Args:
        name: What the team is called.
        members: Who may answer, by what they do.
        lead: Who answers where several have to.
        description: What the team is good for.
    """
    hops = [handoff(member, name=member.name) for member in (*members.values(), lead)]
    return Agent(name, model=_Rule(f"front:{name}", members, lead), tools=hops, description=description)
