"""Weather at a place: the one question that is asked, and the answer with its units, its time and its source.

What it keeps true: no figure stands without its unit, every answer says whether it was observed, foretold or is
merely typical, and names who is to be credited for it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

Kind = Literal["current", "forecast", "climate normal"]
"""Observed within the hour, foretold for a day, or typical for a month."""

Unit = Literal["°C", "mm", "km/h", "km", "days", "UV index"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its unit."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the map."""

    name: str
    region: str
    """The state or province; empty where there is none."""
    country: str
    country_code: str
    """Two letters of ISO 3166-1."""
    latitude: float
    """Degrees north of the equator."""
    longitude: float
    """Degrees east of Greenwich."""
    time_zone: str
    """Its name in the IANA database, such as `Europe/Berlin`."""

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(part for part in (self.name, self.region, self.country) if part))


@dataclass(frozen=True, slots=True)
class Source:
    """Whom a figure comes from."""

    name: str
    attribution: str
    """The line that is to be shown wherever the figures are."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the weather at a place is, will be, or typically is; what is not known is None."""

    place: Place
    kind: Kind
    day: date
    """In the place's own calendar; any day of the month for a climate normal."""
    source: Source
    observed_at: datetime | None = None
    """With the offset of the place's own zone; None for what was not observed."""
    sky: str | None = None
    """What is seen, in words."""
    temperature: Measure | None = None
    feels_like: Measure | None = None
    high: Measure | None = None
    """The warmest of the day; of the month's mean day for a climate normal."""
    low: Measure | None = None
    precipitation: Measure | None = None
    """Rain and melted snow of the whole day; of the whole month for a climate normal."""
    wet_days: Measure | None = None
    """Days of the month with precipitation, for a climate normal."""
    wind: Measure | None = None
    """At the moment; the strongest of the day in a forecast; typical of the year in a climate normal."""
    uv: Measure | None = None
    """The highest of the day, under the clouds foretold."""
    strong_sun: bool | None = None
    """Whether the midday sun is strong in the month, for a climate normal."""
    sea: Measure | None = None
    """How far the salt water is."""
    stands_in_for: Place | None = None
    """The place that was asked about, where nothing is known of it and this one is the nearest that is known."""
    note: str = ""
    """What a reader has to know to take the figures for what they are; empty if they are what was asked for."""


class Weather(Protocol):
    """Somebody who knows the weather."""

    async def at(self, place: str, day: date | None) -> Conditions:
        """Say what the weather is at a place, or will be on a day.

        Args:
            place: A name, which region or country may narrow: `Springfield`, `Springfield, Illinois`.
            day: In the place's own calendar; None asks for the present.

        Raises:
            NoSuchPlace: Nothing is known by that name.
            AmbiguousPlace: The name is that of several places.
            NoForecast: The weather of that day cannot be had.
        """
        ...
