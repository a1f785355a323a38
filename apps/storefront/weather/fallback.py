"""A forecast where one is to be had, and what is typical of the month where not; the answer says which, and why.

What it keeps true: a place that does not exist, or that is one of several, stays an error. Only what keeps a
forecast from being had is made good.
"""

from dataclasses import replace
from datetime import date

from apps.storefront.weather.climate import Normals
from apps.storefront.weather.errors import NoForecast, NothingKnown
from apps.storefront.weather.open_meteo import OpenMeteo
from apps.storefront.weather.service import service
from apps.storefront.weather.weather import Conditions, Weather
from mainspring.core import Clock


def open_weather(api_key: str | None = None, *, clock: Clock | None = None) -> "WithNormals":
    """Give the weather by Open-Meteo, with climate normals where it is not to be had.

    Args:
        api_key: Open-Meteo's key; without one its free service is asked, which is for non-commercial use alone.
        clock: Tells the time; the machine's if not given.
    """
    return WithNormals(OpenMeteo(service(api_key), clock=clock), Normals(clock=clock))


class WithNormals:
    """Weather that falls back on climate normals.

    Args:
        first: Who is asked first.
        normals: What is given where that one has nothing.
    """

    def __init__(self, first: Weather, normals: Normals) -> None:
        self._first = first
        self._normals = normals

    async def at(self, place: str, day: date | None) -> Conditions:
        """Say what the weather is, or typically is; the note says why it is no forecast.

        Raises:
            NoSuchPlace: Nothing is known by that name.
            AmbiguousPlace: The name is that of several places.
            NothingKnown: There is neither a forecast nor a climate normal.
        """
        try:
            return await self._first.at(place, day)
        except NoForecast as error:
            return await self._instead(place, day, error)

    async def _instead(self, place: str, day: date | None, error: NoForecast) -> Conditions:
        try:
            if error.place is None:
                typical = await self._normals.at(place, day)
            else:
                typical = self._normals.near(error.place, day)
        except NothingKnown as nothing:
            both = NothingKnown(f"{error.why}, and {nothing}")
            both.place = error.place
            raise both from error
        return replace(typical, note=f"no forecast was to be had ({error.why}); {typical.note}")
