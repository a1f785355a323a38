"""What Open-Meteo answered, as conditions: the present, or one of the days ahead."""

from datetime import date, timedelta, timezone
from typing import Final

from apps.storefront.weather.errors import DayOutOfReach
from apps.storefront.weather.weather import Conditions, Measure, Place, Source, Unit
from apps.storefront.weather.wire import Daily, Forecast
from apps.storefront.weather.wmo import in_words

SOURCE: Final = Source("Open-Meteo", "Weather data by Open-Meteo.com (https://open-meteo.com/), CC BY 4.0")


def current(forecast: Forecast, place: Place) -> Conditions:
    """Say what the weather is, with the bounds of its day."""
    offset = timedelta(seconds=forecast.utc_offset_seconds)
    observed_at = forecast.current.time.replace(tzinfo=timezone(offset, forecast.timezone_abbreviation))
    today = observed_at.date()
    days = forecast.daily
    row = days.time.index(today) if today in days.time else None
    return Conditions(
        place,
        "current",
        today,
        SOURCE,
        observed_at=observed_at,
        sky=in_words(forecast.current.weather_code),
        temperature=_measure(forecast.current.temperature_2m, "°C"),
        feels_like=_measure(forecast.current.apparent_temperature, "°C"),
        high=None if row is None else _measure(days.temperature_2m_max[row], "°C"),
        low=None if row is None else _measure(days.temperature_2m_min[row], "°C"),
        precipitation=None if row is None else _measure(days.precipitation_sum[row], "mm"),
        wind=_measure(forecast.current.wind_speed_10m, "km/h"),
        uv=None if row is None else _measure(days.uv_index_max[row], "UV index"),
    )


def foretold(forecast: Forecast, place: Place, day: date) -> Conditions:
    """Say what the weather will be on a day.

    Raises:
        DayOutOfReach: The forecast does not have that day.
    """
    days: Daily = forecast.daily
    if day not in days.time:
        reach = f"from {days.time[0]} to {days.time[-1]}" if days.time else "no day"
        raise DayOutOfReach(f"{day} is not among the days that are forecast for {place}: {reach}")
    row = days.time.index(day)
    return Conditions(
        place,
        "forecast",
        day,
        SOURCE,
        sky=in_words(days.weather_code[row]),
        high=_measure(days.temperature_2m_max[row], "°C"),
        low=_measure(days.temperature_2m_min[row], "°C"),
        precipitation=_measure(days.precipitation_sum[row], "mm"),
        wind=_measure(days.wind_speed_10m_max[row], "km/h"),
        uv=_measure(days.uv_index_max[row], "UV index"),
    )


def _measure(value: float | None, unit: Unit) -> Measure | None:
    return None if value is None else Measure(value, unit)
