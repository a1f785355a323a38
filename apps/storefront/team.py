"""The team: a weather desk, a stylist and a clerk, and the shop that leads them and looks after orders itself.

What a place demands of furniture is told by a desk without a model: one call, and its figures as they are.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

from apps.storefront.checking import answer_check, choice_check, reservation_check
from apps.storefront.shop import Shop
from apps.storefront.tasks import Choice, ChoiceTask, NeedsReport, NeedsTask, OrderTask, Reservation, WeatherTask
from apps.storefront.tools import ordering_tools, service_tools, styling_tools
from apps.storefront.weather import Weather, weather_tools
from mainspring import Agent
from mainspring.agent.opening import Models
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.prompts import Prompt
from mainspring.teams import supervisor
from mainspring.tools import AnyTool

_PROMPTS: Final = Path(__file__).parent / "prompts"
_NEEDS: Final = re.compile(r"rain \d, frost \d, sun \d, salt (?:\d|unknown)")
_SAYS_CHARS: Final = 300


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
    prompt = _prompt("shop")
    mark = hashlib.sha256(customer.encode()).hexdigest()[:8]
    reserve, place = ordering_tools(shop, customer)
    present, demands = weather_tools(weather)
    desk = Agent("weather", prompt=_prompt("weather"), tools=[present], model=model, max_steps=6)
    stylist = Agent(
        "stylist",
        prompt=_prompt("stylist"),
        tools=styling_tools(shop),
        judge=choice_check(shop),
        model=model,
        max_steps=8,
    )
    clerk = Agent(
        f"clerk_{mark}",
        prompt=_prompt("clerk"),
        tools=[reserve],
        judge=reservation_check(shop, customer),
        model=model,
        max_steps=8,
    )
    return supervisor(
        f"shop_{mark}",
        [
            desk.as_tool(task=WeatherTask),
            _needs_desk(demands).as_tool(task=NeedsTask, output=NeedsReport),
            stylist.as_tool(task=ChoiceTask, output=Choice),
            clerk.as_tool(name="clerk", task=OrderTask, output=Reservation),
        ],
        instructions=prompt.render(),
        tools=[place, *service_tools(shop, customer)],
        judge=answer_check(shop, customer),
        model=model,
        sampling=prompt.sampling,
        description=prompt.description,
        max_steps=16,
        max_calls=1,
    )


def _needs_desk(demands: AnyTool) -> Agent:
    """Make the desk that tells what furniture has to stand at a place."""

    def routine(task: str) -> Routine:
        asked = {name: value for name, _, value in (line.partition(": ") for line in task.splitlines())}
        stands = "open" if asked["furniture_stands"].startswith("without") else "covered"
        (told,) = yield Step((call(demands.name, place=asked["place"], stands=stands),))
        found = None if told.is_error else _NEEDS.search(told.text)
        return {"says": told.text[:_SAYS_CHARS], "needs": found[0] if found else "none"}

    return Agent(
        "needs",
        model=RoutineModel("needs", routine),
        tools=[demands],
        description="The weather desk: how much rain, frost, sun and salt furniture has to stand at a place.",
    )


def role_of(agent: str) -> str:
    """Give what an agent is in the team, by its name without the mark of its customer."""
    return agent.partition("_")[0]


def _prompt(name: str) -> Prompt:
    return Prompt.load(_PROMPTS / f"{name}.prompt.md")
