"""Open-Meteo on a local socket: exchanges as its documentation has them, and a client that asks there."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from apps.storefront.weather import OpenMeteo, Service
from apps.storefront.weather.limits import Limit
from mainspring.core import FakeClock
from tests.unit.models.wire import Wire, answer

NOON_S = 1795609200.0
"""25 November 2026, 12:20 UTC: the day on which the recorded forecast begins."""
_EXCHANGES = Path(__file__).parent / "weather_exchanges"


def recorded(name: str) -> bytes:
    """Give a recorded answer with status 200."""
    return answer((_EXCHANGES / f"{name}.json").read_bytes(), content_type="application/json; charset=utf-8")


def fault(status: str, reason: str, *headers: str) -> bytes:
    """Give an error in Open-Meteo's form."""
    return answer({"error": True, "reason": reason}, status=status, headers=headers)


def open_meteo(
    wire: Wire,
    clock: FakeClock | None = None,
    *,
    limits: tuple[Limit, ...] = (),
    deadline_s: float = 30.0,
    api_key: str | None = None,
) -> OpenMeteo:
    """Make a client that asks the local socket in place of both hosts."""
    of = Service(f"{wire.base_url}/search", f"{wire.base_url}/forecast", 1, limits, api_key)
    return OpenMeteo(of, clock=clock or FakeClock(NOON_S), deadline_s=deadline_s)


def asked(wire: Wire) -> list[str]:
    """Give the paths that were asked for, without their queries."""
    return [urlsplit(each.path).path.removeprefix("/v1/") for each in wire.asked]


def query(wire: Wire, place: int) -> dict[str, str]:
    """Give the query of one request."""
    return dict(parse_qsl(urlsplit(wire.asked[place].path).query))
