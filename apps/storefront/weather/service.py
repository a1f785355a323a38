"""Where Open-Meteo is asked: the free service, the customers' one, or a server of one's own.

The free service is for non-commercial use alone: a shop that earns money needs a key, which switches to the hosts
for customers.
"""

from dataclasses import dataclass, field
from typing import Final

from apps.storefront.weather.limits import Limit


@dataclass(frozen=True, slots=True)
class Service:
    """Where Open-Meteo is asked, and how much of it."""

    geocoding_url: str
    forecast_url: str
    n_at_once: int
    """Requests that may be under way together."""
    limits: tuple[Limit, ...] = ()
    api_key: str | None = field(default=None, repr=False)


FREE: Final = Service(
    "https://geocoding-api.open-meteo.com/v1/search",
    "https://api.open-meteo.com/v1/forecast",
    n_at_once=1,
    limits=(Limit(600, 60.0), Limit(5_000, 3600.0), Limit(10_000, 86400.0)),
)
"""Without a key, for non-commercial use: it answers one request of a caller at a time, and queues very few."""


def service(api_key: str | None = None) -> Service:
    """Give the free service, or with a key the customers' one."""
    if not api_key:
        return FREE
    return Service(
        "https://customer-geocoding-api.open-meteo.com/v1/search",
        "https://customer-api.open-meteo.com/v1/forecast",
        n_at_once=8,
        api_key=api_key,
    )
