"""Open-Meteo's answers as they come over the wire, checked before anything is made of them.

What it keeps true: a figure whose unit is not the expected one, and lists that do not belong together, never get
past here. Fields that nobody asked for are ignored, as the provider adds some from time to time.
"""

from datetime import date, datetime
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CURRENT: Final = {
    "temperature_2m": "°C",
    "apparent_temperature": "°C",
    "weather_code": "wmo code",
    "wind_speed_10m": "km/h",
}
DAILY: Final = {
    "weather_code": "wmo code",
    "temperature_2m_max": "°C",
    "temperature_2m_min": "°C",
    "precipitation_sum": "mm",
    "wind_speed_10m_max": "km/h",
    "uv_index_max": "",
}
"""What is asked for, with the unit that is expected: ten variables, the most that count as one request."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Hit(_Answer):
    """A place that the geocoder found."""

    name: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    timezone: str = "GMT"
    country: str = ""
    country_code: str = ""
    admin1: str = ""
    population: int = 0


class Search(_Answer):
    """What the geocoder answers; without a match it leaves `results` out."""

    generationtime_ms: float
    results: tuple[Hit, ...] = ()


class Current(_Answer):
    """The present, as far as it is known."""

    time: datetime
    temperature_2m: float | None
    apparent_temperature: float | None
    weather_code: int | None
    wind_speed_10m: float | None


class Daily(_Answer):
    """One entry for each day in every list."""

    time: tuple[date, ...]
    weather_code: tuple[int | None, ...]
    temperature_2m_max: tuple[float | None, ...]
    temperature_2m_min: tuple[float | None, ...]
    precipitation_sum: tuple[float | None, ...]
    wind_speed_10m_max: tuple[float | None, ...]
    uv_index_max: tuple[float | None, ...]

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if any(len(getattr(self, name)) != len(self.time) for name in DAILY):
            raise ValueError("the lists of the days have different lengths")
        return self


class Forecast(_Answer):
    """The present and the days ahead at one place, in its own time."""

    timezone: str
    timezone_abbreviation: str
    utc_offset_seconds: int = Field(gt=-86400, lt=86400)
    current_units: dict[str, str]
    current: Current
    daily_units: dict[str, str]
    daily: Daily

    @model_validator(mode="after")
    def _has_the_units(self) -> Self:
        for expected, given in ((CURRENT, self.current_units), (DAILY, self.daily_units)):
            wrong = {name: given.get(name) for name, unit in expected.items() if given.get(name) != unit}
            if wrong:
                raise ValueError(f"these units are not the expected ones: {wrong}")
        return self


class Fault(_Answer):
    """What a request that failed is answered with."""

    reason: str = ""

    @model_validator(mode="before")
    @classmethod
    def _is_fault(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("error") is not True:
            raise ValueError("it is no error in Open-Meteo's form")
        return value
