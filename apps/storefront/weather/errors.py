"""What can go wrong when somebody asks for the weather.

    WeatherError (MainspringError, RuntimeError)
    ├── NoSuchPlace (LookupError)       nothing is known by that name
    ├── AmbiguousPlace (LookupError)    the name is that of several places
    ├── NoSuchDay (ValueError)          the words are no day and no month
    └── NoForecast                      the weather of that day cannot be had
        ├── DayOutOfReach               forecasts do not reach that day
        ├── ProviderUnreachable         no connection, no answer in time, or an answer that makes no sense
        ├── ProviderRefused             the provider says why it does not answer
        ├── LimitReached                the provider, or our own care for its limits, asks for patience
        └── NothingKnown                neither a forecast nor climate normals

Where there is `NoForecast`, something else may help: climate normals, another day, a little patience. All of them
survive pickling.
"""

from collections.abc import Sequence
from typing import ClassVar

from apps.storefront.weather.weather import Place
from mainspring import MainspringError


class WeatherError(MainspringError, RuntimeError):
    """The weather could not be told."""


class NoSuchPlace(WeatherError, LookupError):
    """Nothing is known by that name.

    Args:
        message: What happened.
        alike: Names of places that sound like it.
    """

    def __init__(self, message: str, alike: Sequence[str] = ()) -> None:
        super().__init__(message, tuple(alike))
        self.alike = tuple(alike)

    def __str__(self) -> str:
        return str(self.args[0])


class AmbiguousPlace(WeatherError, LookupError):
    """The name is that of several places, none of which is meant by most people who say it.

    Args:
        message: What happened.
        candidates: The places, the largest first.
    """

    def __init__(self, message: str, candidates: Sequence[Place] = ()) -> None:
        super().__init__(message, tuple(candidates))
        self.candidates = tuple(candidates)

    def __str__(self) -> str:
        return str(self.args[0])


class NoSuchDay(WeatherError, ValueError):
    """The words are no day and no month."""


class NoForecast(WeatherError):
    """The weather of that day cannot be had."""

    why: ClassVar[str] = "no forecast is to be had"
    """The reason in words short enough to stand in an answer."""
    place: Place | None = None
    """The place that was meant, where that much was found out."""


class DayOutOfReach(NoForecast):
    """Forecasts do not reach that day."""

    why = "forecasts do not reach that day"


class ProviderUnreachable(NoForecast, ConnectionError):
    """The provider cannot be reached, does not answer in time, or answers what makes no sense."""

    why = "the weather service cannot be reached"


class ProviderRefused(NoForecast):
    """The provider says why it does not answer."""

    why = "the weather service refused to answer"


class LimitReached(NoForecast):
    """No more requests are to be made for a while.

    Args:
        message: What happened.
        retry_after_s: Seconds until requests are welcome again.
    """

    why = "the weather service may not be asked again yet"

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message, retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return str(self.args[0])


class NothingKnown(NoForecast):
    """There is neither a forecast nor a climate normal."""

    why = "nothing is known of the weather there"
