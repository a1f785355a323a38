"""The weather of several places in one call: a small model that has asked for one forgets the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, cast

from pydantic import Field

from apps.storefront.weather import Weather, weather_tools
from apps.storefront.weather.tools import When, Where
from mainspring import ToolError, tool
from mainspring.tools import AnyTool, as_tool

_TIMEOUT_S: Final = 45.0
_MOST_PLACES: Final = 3


def outdoor_tools(source: Weather) -> tuple[AnyTool, AnyTool]:
    """Make the tools that tell the weather of up to three places, and what the weather of one demands."""
    one, demands = weather_tools(source)
    at_one = cast("Callable[[str, str], Awaitable[str]]", one.function)

    async def at(place: str, when: str) -> tuple[str, bool]:
        """Give the weather of a place, or why it is not known, and whether it is."""
        try:
            return await at_one(place, when), True
        except ToolError as error:
            return f"The weather of {place} is not known: {error}", False

    @tool(effect="fetch", timeout_s=_TIMEOUT_S)
    async def weather(
        places: Annotated[list[Where], Field(min_length=1, max_length=_MOST_PLACES)], when: When = "now"
    ) -> str:
        """Temperature, rain and wind at places: now, on a day, or in a month."""
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(at(place, when)) for place in dict.fromkeys(places)]
        told = [one.result() for one in asked]
        words = "\n".join(text for text, _ in told)
        if not any(is_known for _, is_known in told):
            raise ToolError(words)
        return words

    return as_tool(weather), demands
