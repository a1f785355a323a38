"""What weather demands of furniture: the least resistance to rain, frost, sun and salt air, from 0 to 3.

The scales are those of the catalogue: 0 none needed, 1 a little, 2 built for it, 3 built for the worst of it. What
is demanded in the open is read from the table below, and a roof or a house takes a part of it away:

    scale      read from                                   1           2           3
    rain       precipitation of a day                      0.2 mm      5 mm        20 mm
               precipitation of a typical month            10 mm       35 mm       120 mm
               wet days of a typical month                 2           6           14
    frost      the low                                     3 °C        0 °C        -8 °C
    sun        the UV index of a day                       3           6           8
               a typical month                             15 °C       strong sun  strong sun and 30 °C
    salt air   the distance to salt water                  20 km       5 km        1 km

The steps of the UV index are those of the World Health Organization: moderate, high, very high. Salt in the air
falls off steeply within the first kilometres from the shore.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from apps.storefront.weather.weather import Conditions, Measure
from apps.storefront.weather.when import MONTHS
from apps.storefront.weather.words import measured

Scale = Literal["rain", "frost", "sun", "salt air"]
Stands = Literal["open", "covered", "indoor"]
"""Under the sky, under a roof without walls, or in a house."""

SCALES: Final[tuple[Scale, ...]] = ("rain", "frost", "sun", "salt air")
Steps = tuple[tuple[float, int], ...]
"""Bounds with the level they lead to, the highest level first."""
_RAIN_DAY_MM: Final[Steps] = ((20, 3), (5, 2), (0.2, 1))
_RAIN_MONTH_MM: Final[Steps] = ((120, 3), (35, 2), (10, 1))
_WET_DAYS: Final[Steps] = ((14, 3), (6, 2), (2, 1))
_UV: Final[Steps] = ((8, 3), (6, 2), (3, 1))
_LOW_C: Final[Steps] = ((-8, 3), (0, 2), (3, 1))
_SEA_KM: Final[Steps] = ((1, 3), (5, 2), (20, 1))
_WARM_C: Final = 15
_HOT_C: Final = 30
_DRIVING_KM_H: Final = 30
"""Wind that carries rain under a roof."""


@dataclass(frozen=True, slots=True)
class Demand:
    """The least resistance on one scale, and why."""

    level: int
    reason: str
    is_known: bool = True
    """Whether anything was known to judge by; the level is 0 if not."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What is demanded in the open."""

    level: int
    severity: float
    """Orders readings of one level, so that the reason given is the worst month's."""
    reason: str


@dataclass(frozen=True, slots=True)
class _Shelter:
    """What a roof or a house takes away from a level."""

    less: int
    words: str


_SHELTERS: Final[Mapping[Stands, Mapping[Scale, _Shelter]]] = {
    "open": dict.fromkeys(SCALES, _Shelter(0, "it stands in the open")),
    "covered": {
        "rain": _Shelter(2, "a roof keeps most rain off"),
        "frost": _Shelter(0, "a roof keeps no frost off"),
        "sun": _Shelter(1, "a roof keeps the midday sun off"),
        "salt air": _Shelter(0, "salt comes under a roof, and no rain washes it off"),
    },
    "indoor": {
        "rain": _Shelter(3, "no rain falls in a house"),
        "frost": _Shelter(3, "a house keeps frost off"),
        "sun": _Shelter(2, "little of the sun comes through windows"),
        "salt air": _Shelter(2, "little salt comes into a house"),
    },
}


def demands(conditions: Sequence[Conditions], stands: Stands) -> dict[Scale, Demand]:
    """Say what furniture must stand, so that it stands all of the given conditions.

    Args:
        conditions: A day, the days of a stay, or the months of a year.
        stands: Where the furniture is.
    """
    return {scale: _worst(scale, conditions, stands) for scale in SCALES}


def _worst(scale: Scale, conditions: Sequence[Conditions], stands: Stands) -> Demand:
    read = [(each, reading) for each in conditions if (reading := _READINGS[scale](each))]
    if not read:
        return Demand(0, _UNKNOWN[scale], is_known=False)
    judged = [(_sheltered(scale, reading, each, stands), reading.severity) for each, reading in read]
    return max(judged, key=lambda found: (found[0].level, found[1]))[0]


def _sheltered(scale: Scale, reading: _Reading, conditions: Conditions, stands: Stands) -> Demand:
    shelter = _SHELTERS[stands][scale]
    if scale == "rain" and stands == "covered" and conditions.wind and conditions.wind.value >= _DRIVING_KM_H:
        shelter = _Shelter(1, f"wind of {measured(conditions.wind)} drives rain under a roof")
    return Demand(max(0, reading.level - shelter.less), f"{reading.reason}; {shelter.words}")


def _rain(conditions: Conditions) -> _Reading | None:
    fallen, wet = conditions.precipitation, conditions.wet_days
    if fallen is None:
        return None
    if conditions.kind != "climate normal":
        return _Reading(_at_least(fallen, _RAIN_DAY_MM), fallen.value, f"{measured(fallen)} {_when(conditions)}")
    level = max(_at_least(fallen, _RAIN_MONTH_MM), _at_least(wet, _WET_DAYS) if wet else 0)
    on_days = f" on {measured(wet)}" if wet else ""
    return _Reading(level, fallen.value, f"{measured(fallen)}{on_days} {_when(conditions)}")


def _frost(conditions: Conditions) -> _Reading | None:
    low = conditions.low
    if low is None:
        return None
    return _Reading(_at_most(low, _LOW_C), -low.value, f"nights of {measured(low)} {_when(conditions)}")


def _sun(conditions: Conditions) -> _Reading | None:
    uv, high = conditions.uv, conditions.high
    if uv is not None:
        return _Reading(_at_least(uv, _UV), uv.value, f"up to {measured(uv)} {_when(conditions)}")
    if conditions.strong_sun is None or high is None:
        return None
    level = (3 if high.value >= _HOT_C else 2) if conditions.strong_sun else int(high.value >= _WARM_C)
    sun = "strong sun" if conditions.strong_sun else "no strong sun"
    return _Reading(level, high.value, f"{sun} and days of {measured(high)} {_when(conditions)}")


def _salt_air(conditions: Conditions) -> _Reading | None:
    sea = conditions.sea
    if sea is None:
        return None
    return _Reading(_at_most(sea, _SEA_KM), -sea.value, f"the sea is {measured(sea)} away")


_READINGS: Final[Mapping[Scale, Callable[[Conditions], _Reading | None]]] = {
    "rain": _rain,
    "frost": _frost,
    "sun": _sun,
    "salt air": _salt_air,
}
_UNKNOWN: Final[Mapping[Scale, str]] = {
    "rain": "how much it rains is not known",
    "frost": "how cold it gets is not known",
    "sun": "how strong the sun is, is not known",
    "salt air": "how far the sea is, is not known; ask",
}


def _at_least(measure: Measure, steps: Steps) -> int:
    return next((level for bound, level in steps if measure.value >= bound), 0)


def _at_most(measure: Measure, steps: Steps) -> int:
    return next((level for bound, level in steps if measure.value <= bound), 0)


def _when(conditions: Conditions) -> str:
    if conditions.kind == "climate normal":
        return f"in {MONTHS[conditions.day.month - 1]}"
    return f"on {conditions.day}"
