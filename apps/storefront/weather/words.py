"""Conditions in words that a small model can repeat: short, units spelled out, the source at the end."""

from collections.abc import Iterable
from typing import Final

from apps.storefront.weather.weather import Conditions, Measure, Unit
from apps.storefront.weather.when import MONTHS, WEEKDAYS

_UNITS: Final[dict[Unit, str]] = {
    "°C": "degrees Celsius",
    "mm": "millimetres",
    "km/h": "kilometres per hour",
    "km": "kilometres",
    "days": "days",
    "UV index": "on the UV index",
}


def measured(measure: Measure) -> str:
    """Say a figure with its unit spelled out."""
    return f"{measure.value:g} {_UNITS[measure.unit]}"


def told(conditions: Conditions) -> str:
    """Say what the weather is, and whom it comes from."""
    tell = {"current": _present, "forecast": _ahead, "climate normal": _typical}[conditions.kind]
    return f"{tell(conditions)} Source: {conditions.source.attribution}."


def _present(conditions: Conditions) -> str:
    at = conditions.observed_at
    time = f" at {at:%H:%M} local time ({at.tzname()})" if at else ""
    feels = _said(conditions.feels_like, "feels like {}")
    present = _listed(conditions.sky, _said(conditions.temperature), feels, _said(conditions.wind, "wind {}"))
    day = _listed(_span(conditions), _said(conditions.precipitation, "{} of precipitation"))
    return f"{conditions.place}, {_date(conditions)}{time}: {present}. The whole day: {day}."


def _ahead(conditions: Conditions) -> str:
    facts = _listed(
        conditions.sky,
        _span(conditions),
        _said(conditions.precipitation, "{} of precipitation"),
        _said(conditions.wind, "wind up to {}"),
    )
    return f"Forecast for {conditions.place}, {_date(conditions)}: {facts}."


def _typical(conditions: Conditions) -> str:
    wet = conditions.wet_days
    facts = _listed(
        _said(conditions.high, "days of {}"),
        _said(conditions.low, "nights of {}"),
        _said(conditions.precipitation, "{} of precipitation in the month")
        + (f" on {wet.value:g} days" if wet else ""),
        _said(conditions.wind, "wind of {}"),
        "strong sun" if conditions.strong_sun else None,
    )
    note = conditions.note[:1].upper() + conditions.note[1:]
    return f"{note} ({conditions.place.country}): {facts}."


def _span(conditions: Conditions) -> str | None:
    low, high = conditions.low, conditions.high
    return f"{low.value:g} to {measured(high)}" if low and high else None


def _said(measure: Measure | None, within: str = "{}") -> str:
    return within.format(measured(measure)) if measure else ""


def _listed(*facts: str | None) -> str:
    return ", ".join(fact for fact in facts if fact) or "nothing is known"


def _date(conditions: Conditions) -> str:
    day = conditions.day
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def attributions(several: Iterable[Conditions]) -> str:
    """Name the sources, each once."""
    return "; ".join(dict.fromkeys(conditions.source.attribution for conditions in several))
