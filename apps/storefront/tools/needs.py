"""What the weather of a place demands of furniture, looked up where it is needed and never retold."""

from collections.abc import Mapping
from typing import Final

from apps.storefront.weather import Stands, Weather, WeatherError
from apps.storefront.weather import demands as demanded
from apps.storefront.weather.tools import a_year
from mainspring import ToolError

SCALES: Final = ("rain", "frost", "sun", "salt")


async def needs_at(weather: Weather, city: str, stands: Stands) -> dict[str, int]:
    """Give the least resistance on each scale, from 0 to 3; what is not known demands none, nor does a room.

    Raises:
        ToolError: Nothing is known of the weather there.
    """
    if stands == "indoor":
        return dict.fromkeys(SCALES, 0)
    try:
        found = demanded(await a_year(weather, city), stands)
    except WeatherError as error:
        raise ToolError(str(error)) from error
    return {scale.split()[0]: demand.level if demand.is_known else 0 for scale, demand in found.items()}


def write_needs(needs: Mapping[str, int]) -> str:
    """Say needs in a line."""
    return ", ".join(f"{scale} {needs.get(scale, 0)}" for scale in SCALES)
