"""Open-Meteo: the present and two weeks ahead, for any place on Earth, by two calls.

What it keeps true: what was asked within ten minutes is not asked again; no more is asked than the limits allow,
and nothing while the service wants patience or has just kept somebody waiting in vain. Nothing is tried twice,
because whoever falls back decides what comes next.

The data's licence, CC BY 4.0, wants the attribution line to be shown with every answer.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ValidationError

from apps.storefront.weather import observed
from apps.storefront.weather.cache import Cache
from apps.storefront.weather.errors import (
    DayOutOfReach,
    LimitReached,
    NoForecast,
    NoSuchPlace,
    ProviderRefused,
    ProviderUnreachable,
)
from apps.storefront.weather.exchange import Reply, get
from apps.storefront.weather.limits import Allowance, patience_s
from apps.storefront.weather.places import Asked, Candidate, choose, fold, no_such_place, read, sounding_like
from apps.storefront.weather.service import FREE, Service
from apps.storefront.weather.weather import Conditions, Place
from apps.storefront.weather.wire import CURRENT, DAILY, Fault, Forecast, Hit, Search
from mainspring.core import Clock, SystemClock

FORECAST_DAYS: Final = 14
"""Days from today on; more of them would count as more than one request."""
DEADLINE_S: Final = 10.0
_RESTS_S: Final = 30.0
"""How long nobody is made to wait for a service that did not answer in time."""
_FORECAST_KEPT_S: Final = 600.0
_PLACE_KEPT_S: Final = 86400.0
_N_KEPT: Final = 512
_N_HITS: Final = 100
"""The most the geocoder gives: a region that was said is looked for among them."""

A = TypeVar("A", bound=BaseModel)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class OpenMeteo:
    """Weather by Open-Meteo.

    Args:
        of: Which service is asked.
        clock: Tells what is still fresh, and when requests are welcome again.
        language: In which names of places are understood and given, as two letters.
        deadline_s: Seconds that one request may take.
    """

    def __init__(
        self,
        of: Service = FREE,
        *,
        clock: Clock | None = None,
        language: str = "en",
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._of = of
        self._clock = clock or SystemClock()
        self._language = language
        self._deadline_s = deadline_s
        self._allowance = Allowance(of.limits, self._clock)
        self._away_until_s = -math.inf
        self._found: Cache[str, tuple[Candidate, ...]]
        self._found = Cache(self._clock, keep_s=_PLACE_KEPT_S, n_entries=_N_KEPT)
        self._forecasts: Cache[tuple[float, float], Forecast]
        self._forecasts = Cache(self._clock, keep_s=_FORECAST_KEPT_S, n_entries=_N_KEPT)
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def at(self, place: str, day: date | None) -> Conditions:
        """Say what the weather is at a place, or will be on a day; errors are those of `Weather.at`."""
        found = await self._place(read(place))
        try:
            self._check_reach(day)
            forecast = await self._forecast(found)
            return observed.current(forecast, found) if day is None else observed.foretold(forecast, found, day)
        except NoForecast as error:
            error.place = found
            raise

    def _check_reach(self, day: date | None) -> None:
        """Spare the request for a day that no zone's calendar has within the forecast."""
        today = datetime.fromtimestamp(self._clock.now(), UTC).date()
        if day is not None and not -1 <= (day - today).days <= FORECAST_DAYS:
            raise DayOutOfReach(f"{day} is not among the {FORECAST_DAYS} days that are forecast from {today} on")

    async def _place(self, asked: Asked) -> Place:
        candidates = await self._search(asked.name)
        try:
            return choose(asked, candidates)
        except NoSuchPlace:
            if candidates or len(fold(asked.name)) < 6:
                raise
        # The geocoder completes what is cut short, so half of a misspelt name may still find the right one.
        alike = await self._search(asked.name[: len(asked.name) // 2])
        raise no_such_place(asked, sounding_like(asked, alike))

    async def _search(self, name: str) -> tuple[Candidate, ...]:
        async def ask() -> tuple[Candidate, ...]:
            query = {"name": name, "count": str(_N_HITS), "language": self._language, "format": "json"}
            return tuple(map(_candidate, (await self._ask(self._of.geocoding_url, query, Search)).results))

        return await self._kept(self._found, name.casefold(), ask)

    async def _forecast(self, place: Place) -> Forecast:
        at = (round(place.latitude, 2), round(place.longitude, 2))  # about a kilometre

        async def ask() -> Forecast:
            query = {
                "latitude": str(at[0]),
                "longitude": str(at[1]),
                "current": ",".join(CURRENT),
                "daily": ",".join(DAILY),
                "timezone": "auto",
                "forecast_days": str(FORECAST_DAYS),
            }
            return await self._ask(self._of.forecast_url, query, Forecast)

        return await self._kept(self._forecasts, at, ask)

    async def _kept(self, cache: Cache[K, V], key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """Give what is kept, or ask for it in line; whoever stood in line may find that another asked the same."""
        if (held := cache.get(key)) is not None:
            return held
        line = self._lines.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._of.n_at_once))
        async with line:
            if (held := cache.get(key)) is None:
                async with self._in_time():
                    held = await ask()
                cache.put(key, held)
            return held

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """Keep the deadline, and for a while let nobody else wait where one has waited in vain."""
        if (rest_s := self._away_until_s - self._clock.monotonic()) > 0:
            raise ProviderUnreachable(f"Open-Meteo did not answer a moment ago; ask again in {rest_s:.0f} s")
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError:
            self._away_until_s = self._clock.monotonic() + _RESTS_S
            raise ProviderUnreachable(f"Open-Meteo did not answer within {self._deadline_s:g} s") from None

    async def _ask(self, url: str, query: dict[str, str], form: type[A]) -> A:
        self._allowance.take()
        reply = await get(url, query | ({"apikey": self._of.api_key} if self._of.api_key else {}))
        if reply.status != HTTPStatus.OK:
            raise self._refusal(url, reply)
        try:
            return form.model_validate_json(reply.body)
        except ValidationError as error:
            what = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise ProviderUnreachable(f"{url} answered something that is no {form.__name__}: {what}") from None

    def _refusal(self, url: str, reply: Reply) -> NoForecast:
        """Make the error of a status that is not 200, and obey it where it asks for patience."""
        try:
            reason = self._without_key(Fault.model_validate_json(reply.body).reason)
        except ValidationError:
            reason = ""
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait_s = patience_s(reply.headers.get("Retry-After"), reason, self._clock.now())
            self._allowance.rest(wait_s)
            return LimitReached(f"Open-Meteo answered 429: {reason or 'no reason given'}", wait_s)
        if reason and reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return ProviderRefused(f"Open-Meteo answered {reply.status}: {reason}")
        return ProviderUnreachable(f"{url} answered {reply.status}: {reason or 'no reason given'}")

    def _without_key(self, words: str) -> str:
        return words[:300].replace(self._of.api_key, "***") if self._of.api_key else words[:300]


def _candidate(hit: Hit) -> Candidate:
    place = Place(
        hit.name, hit.admin1, hit.country, hit.country_code, hit.latitude, hit.longitude, time_zone=hit.timezone
    )
    return Candidate(place, hit.population)
