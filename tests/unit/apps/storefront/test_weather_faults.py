"""Whatever goes wrong between us and Open-Meteo ends in an error with a name, and without the key."""

import json
import pickle
import socket

import pytest

from apps.storefront.weather import (
    LimitReached,
    NoForecast,
    NoSuchPlace,
    OpenMeteo,
    ProviderRefused,
    ProviderUnreachable,
    Service,
    WeatherError,
)
from mainspring.core import FakeClock
from tests.unit.apps.storefront.weather_recorded import NOON_S, asked, fault, open_meteo, recorded
from tests.unit.models.wire import HANG, RESET, Serve, Step, answer

KEY = "k3y-of-the-shop"
FORECAST = recorded("forecast_berlin").partition(b"\r\n\r\n")[2]


def changed(**fields: object) -> bytes:
    """Give the recorded forecast with other fields."""
    return answer(json.loads(FORECAST) | fields)


async def test_a_request_that_is_refused_says_the_reason(serve: Serve) -> None:
    reason = "Latitude must be in range of -90 to 90°. Given: 520.0."
    wire = await serve(recorded("search_berlin"), fault("400 Bad Request", reason))
    with pytest.raises(ProviderRefused, match="Latitude must be in range"):
        await open_meteo(wire).at("Berlin", None)


@pytest.mark.parametrize(
    "step",
    [
        answer("<html><body>Sign in to the hotel</body></html>", content_type="text/html"),
        answer(b'{"results":[{"id":2950159,"name":"Ber'),
        answer(b""),
        answer("[]"),
        answer({}),
        answer({"error": True, "reason": "the value is no number"}),
        answer({"generationtime_ms": 0.1, "results": [{"name": "Berlin", "latitude": 520, "longitude": 13}]}),
        answer("<h1>Bad gateway</h1>", status="502 Bad Gateway", content_type="text/html"),
        fault("503 Service Unavailable", "maintenance"),
        answer("no", status="404 Not Found"),
        RESET,
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\nConnection: close\r\n\r\n{",
        b"this is no HTTP\r\n\r\n",
    ],
    ids=range(13),
)
async def test_an_answer_that_makes_no_sense_is_a_provider_out_of_reach(serve: Serve, step: Step) -> None:
    wire = await serve(step)
    with pytest.raises(ProviderUnreachable) as caught:
        await open_meteo(wire, api_key=KEY).at("Berlin", None)
    assert KEY not in f"{caught.value} {caught.value.__cause__}"


async def test_an_answer_without_an_end_is_given_up(serve: Serve) -> None:
    wire = await serve(answer(b" " * (1 << 20) + b"{}"))
    with pytest.raises(ProviderUnreachable, match="more than 1 MiB"):
        await open_meteo(wire).at("Berlin", None)


async def test_the_key_is_not_carried_to_where_an_answer_points(serve: Serve) -> None:
    wire = await serve(answer("", status="302 Found", headers=["Location: /elsewhere"]))
    with pytest.raises(ProviderUnreachable, match="answered 302"):
        await open_meteo(wire, api_key=KEY).at("Berlin", None)
    assert asked(wire) == ["search"]


@pytest.mark.parametrize(
    "step",
    [
        changed(daily_units=json.loads(FORECAST)["daily_units"] | {"temperature_2m_max": "°F"}),
        changed(current_units=json.loads(FORECAST)["current_units"] | {"wind_speed_10m": "mp/h"}),
        changed(daily=json.loads(FORECAST)["daily"] | {"uv_index_max": [1.0]}),
        changed(utc_offset_seconds=10**9),
        answer(FORECAST.replace(b"5.8", b"NaN")),
    ],
    ids=["unit", "unit of the present", "lengths", "offset", "no number"],
)
async def test_a_forecast_that_could_be_misread_is_not_read(serve: Serve, step: bytes) -> None:
    wire = await serve(recorded("search_berlin"), step)
    with pytest.raises(ProviderUnreachable):
        await open_meteo(wire).at("Berlin", None)


async def test_a_provider_that_hangs_keeps_nobody_longer_than_the_deadline(serve: Serve) -> None:
    wire = await serve(HANG)
    with pytest.raises(ProviderUnreachable, match=r"did not answer within 0\.05 s"):
        await open_meteo(wire, deadline_s=0.05).at("Berlin", None)


async def test_after_one_has_waited_in_vain_the_others_do_not_wait(serve: Serve) -> None:
    wire = await serve(HANG, recorded("search_paris"), recorded("forecast_berlin"))
    clock = FakeClock(NOON_S)
    weather = open_meteo(wire, clock, deadline_s=0.2)
    for _ in range(3):
        with pytest.raises(ProviderUnreachable):
            await weather.at("Paris", None)
    assert asked(wire) == ["search"]

    clock.advance(30)
    assert (await weather.at("Paris", None)).place.country == "France"


async def test_without_a_network_the_provider_is_out_of_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    of = Service(f"http://127.0.0.1:{port}/v1/search", f"http://127.0.0.1:{port}/v1/forecast", 1, api_key=KEY)
    with pytest.raises(ProviderUnreachable, match="cannot be reached") as caught:
        await OpenMeteo(of, clock=FakeClock(NOON_S)).at("Berlin", None)
    assert KEY not in str(caught.value)


async def test_the_key_is_not_in_what_the_provider_says(serve: Serve) -> None:
    wire = await serve(fault("400 Bad Request", f"the key {KEY} is not valid"))
    with pytest.raises(ProviderRefused, match=r"the key \*\*\* is not valid"):
        await open_meteo(wire, api_key=KEY).at("Berlin", None)


async def test_a_failure_is_not_remembered_as_an_answer(serve: Serve) -> None:
    wire = await serve(answer("{", status="200 OK"), recorded("search_berlin"), recorded("forecast_berlin"))
    weather = open_meteo(wire)
    with pytest.raises(ProviderUnreachable):
        await weather.at("Berlin", None)
    assert (await weather.at("Berlin", None)).place.name == "Berlin"


@pytest.mark.parametrize(
    "error",
    [
        NoSuchPlace("none", ["Berlin"]),
        LimitReached("wait", 60.0),
        ProviderUnreachable("gone"),
        NoForecast("none"),
    ],
)
def test_errors_survive_pickling(error: WeatherError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
