"""The team: whoever knows best answers the customer, and each knows little.

shop       hands the conversation to whoever answers (`routing.py`)
sales      understands what is wanted: its clerk finds furniture and orders it, its stylist knows the pieces
service    looks after orders that there are
weather    tells the weather of a place, and what it demands of furniture
lead       does all of this for one who wants several things at once
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from apps.storefront.checking import answer_check
from apps.storefront.clerk import clerk
from apps.storefront.routing import Role, role_for
from apps.storefront.shop import Shop
from apps.storefront.tasks import PieceTask
from apps.storefront.tools import finding_tool, ordering_tools, piece_tools, service_tools
from apps.storefront.weather import Weather, weather_tools
from mainspring import Agent
from mainspring.agent.opening import Models
from mainspring.prompts import Prompt
from mainspring.teams import router
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
    selling = (
        clerk(f"clerk_{mark}", finding_tool(shop, weather), *ordering_tools(shop, customer)),
        _stylist(shop, model),
    )
    serving, telling = service_tools(shop, customer), weather_tools(weather)

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

    return router(
        f"shop_{mark}",
        [
            member("sales", *selling),
            member("service", *serving),
            member("weather", *telling),
            member("lead", *serving, *telling, *selling),
        ],
        rule=lambda words: f"{role_for(words)}_{mark}",
        description="A furniture shop that finds furniture for a place, orders it, and looks after orders.",
    )


def _stylist(shop: Shop, model: Models | None) -> AnyTool:
    """Make the one who is asked about pieces; what the stylist says is the answer to the customer."""
    agent = Agent("stylist", prompt=_prompt("stylist"), tools=piece_tools(shop), model=model, max_steps=6)
    return replace(agent.as_tool(task=PieceTask), answers=True)


def role_of(agent: str) -> str:
    """Give what an agent is in the team, by its name without the mark of its customer."""
    return agent.partition("_")[0]


def _prompt(name: str) -> Prompt:
    return Prompt.load(_PROMPTS / f"{name}.prompt.md")
