"""Weather for the storefront: what it is, what it will be, what is typical, and what that demands of furniture.

`open_weather` gives the weather an agent should use: Open-Meteo, or bundled climate normals where it has nothing.
Imports Mainspring's public rooms and nothing else of the storefront.
"""

from apps.storefront.weather.climate import Normals
from apps.storefront.weather.demands import SCALES, Demand, Scale, Stands, demands
from apps.storefront.weather.errors import (
    AmbiguousPlace,
    DayOutOfReach,
    LimitReached,
    NoForecast,
    NoSuchDay,
    NoSuchPlace,
    NothingKnown,
    ProviderRefused,
    ProviderUnreachable,
    WeatherError,
)
from apps.storefront.weather.fallback import WithNormals, open_weather
from apps.storefront.weather.open_meteo import OpenMeteo
from apps.storefront.weather.service import FREE, Service, service
from apps.storefront.weather.tools import weather_tools
from apps.storefront.weather.weather import Conditions, Measure, Place, Source, Weather

__all__ = [
    "FREE",
    "SCALES",
    "AmbiguousPlace",
    "Conditions",
    "DayOutOfReach",
    "Demand",
    "LimitReached",
    "Measure",
    "NoForecast",
    "NoSuchDay",
    "NoSuchPlace",
    "Normals",
    "NothingKnown",
    "OpenMeteo",
    "Place",
    "ProviderRefused",
    "ProviderUnreachable",
    "Scale",
    "Service",
    "Source",
    "Stands",
    "Weather",
    "WeatherError",
    "WithNormals",
    "demands",
    "open_weather",
    "service",
    "weather_tools",
]
