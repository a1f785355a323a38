"""The team: whoever knows best answers the customer, and each knows little.

shop       hands the conversation to whoever answers (`front.py`, `routing.py`)
sales      understands what furniture is wanted: its clerk answers, finds and orders, with a stylist for questions
service    understands what is wanted of an order: its desk does it
weather    tells the weather of places, and what it demands of furniture
lead       asks one after the other for one who wants several things at once
"""

import hashlib
from pathlib import Path
from typing import Final

from apps.storefront.checking import answer_check
from apps.storefront.clerk import clerk
from apps.storefront.desk import desk
from apps.storefront.front import front
from apps.storefront.lead import lead
from apps.storefront.routing import Role
from apps.storefront.shop import Shop
from apps.storefront.tasks import PieceTask
from apps.storefront.tools import finding_tool, ordering_tools, outdoor_tools, piece_tools, service_tools
from apps.storefront.weather import Weather
from mainspring import Agent
from mainspring.agent.opening import Models
from mainspring.prompts import Prompt
from mainspring.tools import AnyTool

_PROMPTS: Final = Path(__file__).parent / "prompts"


def storefront(shop: Shop, weather: Weather, customer: str, *, model: Models | None = None) -> Agent:
    """Make the team that serves one customer.

    The names of those who act for the customer are the customer's, too: a run in a store goes on by its agent's
    name, and must not go on with another one's tools.

    Args:
        shop: Where.
        weather: Tells the weather.
        customer: Whom it serves: whose cart, orders and money.
        model: Whom its agents ask; the embedded model if not given.
    """
    mark = hashlib.sha256(customer.encode()).hexdigest()[:8]
    finding, ordering = finding_tool(shop, weather), ordering_tools(shop, customer)

    def member(role: Role, *tools: AnyTool) -> Agent:
        return Agent(
            f"{role}_{mark}",
            prompt=_prompt(role),
            tools=tools,
            judge=answer_check(shop, customer),
            model=model,
            max_steps=12,
            max_calls=1,
        )

    members: dict[Role, Agent] = {
        "sales": member("sales", clerk(f"clerk_{mark}", finding, *ordering, _stylist(shop, model))),
        "service": member("service", desk(f"desk_{mark}", service_tools(shop, customer))),
        "weather": member("weather", *outdoor_tools(weather)),
    }
    return front(
        f"shop_{mark}",
        members,
        lead(f"lead_{mark}", members),
        description="A furniture shop that finds furniture for a place, orders it, and looks after orders.",
    )


def _stylist(shop: Shop, model: Models | None) -> AnyTool:
    """Make the one who is asked about pieces."""
    agent = Agent("stylist", prompt=_prompt("stylist"), tools=piece_tools(shop), model=model, max_steps=6)
    return agent.as_tool(task=PieceTask)


def role_of(agent: str) -> str:
    """Give what an agent is in the team, by its name without the mark of its customer."""
    return agent.partition("_")[0]


def _prompt(name: str) -> Prompt:
    return Prompt.load(_PROMPTS / f"{name}.prompt.md")
