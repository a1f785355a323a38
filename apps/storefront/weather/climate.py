"""What the weather typically is: monthly climate normals of the cities in `climate.toml`, known without a network.

What it keeps true: nothing is made up for a city that is not in the file. The nearest known one may stand in within
100 km, and the answer then is about that city and says so.
"""

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field

from apps.storefront.weather.errors import NothingKnown
from apps.storefront.weather.places import Asked, distance_km, fold, lies_within, read
from apps.storefront.weather.weather import Conditions, Measure, Place, Source
from apps.storefront.weather.when import MONTHS
from mainspring.core import Clock, SystemClock

SOURCE: Final = Source("climate normals", "Approximate climate normals, rounded")
NEAR_KM: Final = 100.0
"""How far the nearest known city may be to stand in for a place."""
_SAME_KM: Final = 10.0
"""How far two tables may disagree about the centre of one city."""

Twelve = Annotated[tuple[int, ...], Field(min_length=12, max_length=12)]
"""One for each month, from January on."""


class City(BaseModel):
    """One city of the file, in whole units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    also: tuple[str, ...] = ()
    """Other names it is called by."""
    region: str
    country: str
    country_code: str
    latitude: float
    longitude: float
    time_zone: str
    high_c: Twelve
    low_c: Twelve
    precipitation_mm: Twelve
    wet_days: Twelve
    wind_km_h: int
    sea_km: int
    strong_sun: tuple[int, ...]
    """The numbers of the months whose midday sun is strong."""

    @property
    def place(self) -> Place:
        """The city as a place on the map."""
        return Place(
            self.name, self.region, self.country, self.country_code, self.latitude, self.longitude, self.time_zone
        )


@cache
def cities() -> tuple[City, ...]:
    """Read all cities."""
    text = (Path(__file__).parent / "climate.toml").read_text(encoding="utf-8")
    return tuple(City.model_validate(fields) for fields in tomllib.loads(text)["city"])


class Normals:
    """Weather as it typically is.

    Args:
        clock: Tells which month it is.
        known: The cities; those of the file if not given.
    """

    def __init__(self, *, clock: Clock | None = None, known: Sequence[City] | None = None) -> None:
        self._clock = clock or SystemClock()
        self._known = cities() if known is None else tuple(known)

    async def at(self, place: str, day: date | None) -> Conditions:
        """Say what is typical of the month at a known city.

        Raises:
            NoSuchPlace: There is no name in the words.
            NothingKnown: The city is not known; the message has the names of known ones that sound alike.
        """
        asked = read(place)
        if city := self._named(asked):
            return self._typical(city, day)
        raise NothingKnown(f"no climate normals are known for {asked.text!r}; {self._alike(asked)}")

    def near(self, place: Place, day: date | None) -> Conditions:
        """Say what is typical of the month at a place, or at the nearest known city.

        Raises:
            NothingKnown: No city is known within `NEAR_KM`.
        """
        city, away_km = min(
            ((city, distance_km(city.place, place)) for city in self._known), key=lambda found: found[1]
        )
        if away_km > NEAR_KM:
            raise NothingKnown(
                f"no climate normals are known for {place}; the nearest known city is {city.place}, "
                f"{away_km:.0f} km away, too far to stand in for it"
            )
        names = {fold(name) for name in (city.name, *city.also)}
        if away_km <= _SAME_KM or fold(place.name) in names:
            return self._typical(city, day)
        typical = self._typical(city, day)
        note = f"{typical.note}, {away_km:.0f} km from {place.name}, for which no climate normals are known"
        # Another place's distance from the sea says nothing about this one's.
        return replace(typical, sea=None, stands_in_for=place, note=note)

    def _named(self, asked: Asked) -> City | None:
        folded = fold(asked.name)
        for city in self._known:
            if folded in {fold(name) for name in (city.name, *city.also)} and lies_within(city.place, asked.within):
                return city
        return None

    def _alike(self, asked: Asked) -> str:
        names = {fold(name): str(city.place) for city in self._known for name in (city.name, *city.also)}
        close = difflib.get_close_matches(fold(asked.name), names, n=3, cutoff=0.6)
        if close:
            return "known ones that sound alike: " + "; ".join(dict.fromkeys(names[name] for name in close))
        return f"{len(self._known)} large cities are known, ask for the nearest of them"

    def _typical(self, city: City, day: date | None) -> Conditions:
        on = day or datetime.fromtimestamp(self._clock.now(), _zone(city.time_zone)).date()
        month = on.month - 1
        return Conditions(
            city.place,
            "climate normal",
            on,
            SOURCE,
            high=Measure(city.high_c[month], "°C"),
            low=Measure(city.low_c[month], "°C"),
            precipitation=Measure(city.precipitation_mm[month], "mm"),
            wet_days=Measure(city.wet_days[month], "days"),
            wind=Measure(city.wind_km_h, "km/h"),
            strong_sun=on.month in city.strong_sun,
            sea=Measure(city.sea_km, "km"),
            note=f"typical for {MONTHS[month]} in {city.name}",
        )


def _zone(name: str) -> tzinfo:
    """Give a zone; UTC on a machine without time zone data, which is off by half a day at most."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return UTC
