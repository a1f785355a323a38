"""What an agent can ask about the weather: two functions over a `Weather`, answered in a few plain words."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from apps.storefront.weather.demands import Demand, Scale, Stands
from apps.storefront.weather.demands import demands as demanded
from apps.storefront.weather.errors import NoForecast, WeatherError
from apps.storefront.weather.places import distance_km
from apps.storefront.weather.weather import Conditions, Weather
from apps.storefront.weather.when import NOW, read_day, typical_day
from apps.storefront.weather.words import attributions, told
from mainspring import ToolError, tool
from mainspring.tools import AnyTool, as_tool

Where = Annotated[
    str, Field(description="a city, like Berlin, or with its region or country: Springfield, Illinois")
]
When = Annotated[str, Field(description="now, tomorrow, saturday, 2026-11-30, or a month like November")]
_DAYS_AHEAD: Final = 14
_TIMEOUT_S: Final = 45.0
_STANDS: Final[dict[Stands, str]] = {"open": "in the open", "covered": "under a roof", "indoor": "in a house"}


def weather_tools(source: Weather) -> tuple[AnyTool, AnyTool]:
    """Make the tools of a source of weather."""

    @tool(effect="fetch", timeout_s=_TIMEOUT_S)
    async def weather(place: Where, when: When = "now") -> str:
        """Temperature, rain and wind at a place: now, on a day, or in a month."""
        try:
            present = await source.at(place, None)
            if when.strip().lower() in NOW:
                return told(present)
            return told(await source.at(place, read_day(when, present.day)))
        except WeatherError as error:
            raise ToolError(str(error)) from error

    @tool(effect="fetch", timeout_s=_TIMEOUT_S)
    async def demands(place: Where, stands: Stands) -> str:
        """For furniture: the resistance to rain, frost, sun and salt air that it needs at a place, from 0 to 3."""
        try:
            conditions = await a_year(source, place)
        except WeatherError as error:
            raise ToolError(str(error)) from error
        found = demanded(conditions, stands)
        needs = ", ".join(f"{_short(scale)} {_grade(demand)}" for scale, demand in found.items())
        head = f"Furniture that stands {_STANDS[stands]} in {place} needs at least: {needs}."
        lines = [f"{scale} {_level(demand)}: {demand.reason}" for scale, demand in found.items()]
        return "\n".join([head, *lines, _basis(conditions)])

    return as_tool(weather), as_tool(demands)


async def a_year(source: Weather, place: str) -> list[Conditions]:
    """Give what is typical of each month, or the days ahead where that is not known.

    Raises:
        NoSuchPlace: Nothing is known by that name.
        AmbiguousPlace: The name is that of several places.
        NoForecast: Neither is known.
    """
    present = await source.at(place, None)
    try:
        return [await source.at(place, typical_day(month, present.day)) for month in range(1, 13)]
    except NoForecast:
        days = [present]
    for ahead in range(1, _DAYS_AHEAD):
        try:
            days.append(await source.at(place, present.day + timedelta(days=ahead)))
        except NoForecast:
            break
    return days


def _short(scale: Scale) -> str:
    """Give the catalogue's word for a scale."""
    return scale.split()[0]


def _grade(demand: Demand) -> str:
    return str(demand.level) if demand.is_known else "unknown"


def _level(demand: Demand) -> str:
    return f"{demand.level} of 3" if demand.is_known else "unknown"


def _basis(conditions: list[Conditions]) -> str:
    """Say what the demands rest on."""
    first = conditions[0]
    if first.kind == "climate normal":
        rests = f"a typical year in {first.place}"
        if meant := first.stands_in_for:
            rests += f", {distance_km(first.place, meant):.0f} km from {meant.name}, of which no year is known"
    else:
        rests = f"the next {len(conditions)} days in {first.place} alone; a typical year is not known there"
    return f"This rests on {rests}. Source: {attributions(conditions)}."
