"""The present and the days ahead from Open-Meteo, its limits kept to and its answers remembered."""

import asyncio
import socket
from datetime import date

import pytest

from apps.storefront.weather import FREE, DayOutOfReach, LimitReached, Measure, service
from apps.storefront.weather.limits import Limit
from mainspring.core import FakeClock
from tests.unit.apps.storefront.weather_recorded import NOON_S, asked, fault, open_meteo, query, recorded
from tests.unit.models.wire import Serve, Wire

BERLIN = ("search_berlin", "forecast_berlin")


async def test_the_present_comes_with_units_source_and_the_places_own_time(serve: Serve) -> None:
    wire = await serve(*map(recorded, BERLIN))

    present = await open_meteo(wire).at("Berlin", None)

    assert str(present.place) == "Berlin, State of Berlin, Germany"
    assert present.place.time_zone == "Europe/Berlin"
    assert present.kind == "current"
    assert present.observed_at is not None
    assert present.observed_at.isoformat() == "2026-11-25T13:15:00+01:00"
    assert present.sky == "light rain"
    assert present.temperature == Measure(5.8, "°C")
    assert present.feels_like == Measure(2.4, "°C")
    assert present.wind == Measure(15.1, "km/h")
    assert (present.low, present.high) == (Measure(2.1, "°C"), Measure(6.4, "°C"))
    assert present.precipitation == Measure(3.4, "mm")
    assert "Weather data by Open-Meteo.com" in present.source.attribution
    assert present.note == ""


async def test_a_day_ahead_is_a_forecast(serve: Serve) -> None:
    wire = await serve(*map(recorded, BERLIN))

    ahead = await open_meteo(wire).at("Berlin", date(2026, 11, 27))

    assert ahead.kind == "forecast"
    assert ahead.day == date(2026, 11, 27)
    assert ahead.observed_at is None
    assert ahead.sky == "light snowfall"
    assert (ahead.low, ahead.high) == (Measure(-3.6, "°C"), Measure(1.2, "°C"))
    assert ahead.wind == Measure(22.7, "km/h")


async def test_a_figure_that_the_provider_leaves_out_is_not_known(serve: Serve) -> None:
    wire = await serve(*map(recorded, BERLIN))
    assert (await open_meteo(wire).at("Berlin", date(2026, 12, 8))).uv is None


async def test_no_more_variables_are_asked_for_than_count_as_one_request(serve: Serve) -> None:
    wire = await serve(*map(recorded, BERLIN))

    await open_meteo(wire).at("Berlin", None)

    sent = query(wire, 1)
    assert sent["timezone"] == "auto"
    assert (sent["latitude"], sent["longitude"]) == ("52.52", "13.41")
    assert len(sent["current"].split(",")) + len(sent["daily"].split(",")) <= 10
    assert int(sent["forecast_days"]) <= 14


@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2026, 12, 9)])
async def test_a_day_that_the_forecast_does_not_have_is_out_of_reach(serve: Serve, day: date) -> None:
    wire = await serve(*map(recorded, BERLIN))
    with pytest.raises(DayOutOfReach, match="2026-11-25 to 2026-12-08") as caught:
        await open_meteo(wire).at("Berlin", day)
    assert caught.value.place is not None
    assert caught.value.place.name == "Berlin"


async def test_a_day_months_ahead_costs_no_forecast(serve: Serve) -> None:
    wire = await serve(recorded("search_berlin"))
    with pytest.raises(DayOutOfReach):
        await open_meteo(wire).at("Berlin", date(2027, 6, 15))
    assert asked(wire) == ["search"]


async def test_within_ten_minutes_nothing_is_asked_twice(serve: Serve) -> None:
    wire = await serve(*map(recorded, (*BERLIN, "forecast_berlin")))
    clock = FakeClock(NOON_S)
    weather = open_meteo(wire, clock)

    await weather.at("Berlin", None)
    clock.advance(599)
    await weather.at(" BERLIN, Germany", date(2026, 11, 28))
    assert asked(wire) == ["search", "forecast"]

    clock.advance(1)
    await weather.at("Berlin", None)
    assert asked(wire) == ["search", "forecast", "forecast"]


async def test_many_who_ask_the_same_at_once_cost_two_requests(serve: Serve) -> None:
    wire = await serve(*map(recorded, BERLIN))
    weather = open_meteo(wire)
    async with asyncio.TaskGroup() as group:
        told = [group.create_task(weather.at("Berlin", None)) for _ in range(20)]
    assert len({each.result() for each in told}) == 1
    assert asked(wire) == ["search", "forecast"]


async def test_what_is_remembered_is_bounded(serve: Serve) -> None:
    wire = await serve(*[recorded("search_nothing")] * 1200)
    weather = open_meteo(wire)
    for number in range(520):
        with pytest.raises(LookupError):
            await weather.at(f"x{number}", None)
    n_asked = len(wire.asked)

    with pytest.raises(LookupError):
        await weather.at("x519", None)
    assert len(wire.asked) == n_asked
    with pytest.raises(LookupError):
        await weather.at("x0", None)
    assert len(wire.asked) == n_asked + 1


async def test_our_own_limit_is_kept_to_before_the_providers_is_met(serve: Serve) -> None:
    wire = await serve(*map(recorded, (*BERLIN, "search_paris", "forecast_berlin")))
    clock = FakeClock(NOON_S)
    weather = open_meteo(wire, clock, limits=(Limit(5, 60.0),))
    await weather.at("Berlin", None)

    with pytest.raises(LimitReached) as caught:
        await weather.at("Paris", None)
    assert len(wire.asked) == 2
    clock.advance(caught.value.retry_after_s + 30)
    assert (await weather.at("Paris", None)).place.name == "Paris"


@pytest.mark.parametrize(
    ("reason", "header", "rests_s"),
    [
        ("Minutely API request limit exceeded. Please try again in one minute.", (), 60),
        ("Hourly API request limit exceeded. Please try again in the next hour.", (), 40 * 60 + 60),
        ("Daily API request limit exceeded. Please try again tomorrow.", (), 11 * 3600 + 40 * 60 + 60),
        ("Too many concurrent requests", (), 5),
        ("Daily API request limit exceeded. Please try again tomorrow.", ("Retry-After: 7",), 7),
        ("", ("Retry-After: soon",), 60),
        ("", ("Retry-After: 1e99",), 86460),
    ],
)
async def test_a_429_is_obeyed_for_as_long_as_its_window_lasts(
    serve: Serve, reason: str, header: tuple[str, ...], rests_s: int
) -> None:
    wire = await serve(fault("429 Too Many Requests", reason, *header), *map(recorded, BERLIN))
    clock = FakeClock(NOON_S)
    weather = open_meteo(wire, clock)
    with pytest.raises(LimitReached) as caught:
        await weather.at("Berlin", None)
    assert caught.value.retry_after_s == rests_s

    clock.advance(rests_s - 1)
    with pytest.raises(LimitReached):
        await weather.at("Berlin", None)
    assert len(wire.asked) == 1
    clock.advance(1)
    await weather.at("Berlin", None)


async def test_a_key_goes_with_each_request(serve: Serve) -> None:
    wire = await serve(*map(recorded, BERLIN))
    await open_meteo(wire, api_key="k3y").at("Berlin", None)
    assert [query(wire, place)["apikey"] for place in range(2)] == ["k3y", "k3y"]


def test_one_client_serves_one_event_loop_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    clock = FakeClock(NOON_S)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        weather = open_meteo(Wire(listener=listener), clock)

        async def ask_at_once() -> None:
            async with Wire(*map(recorded, BERLIN), listener=listener.dup()), asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(weather.at("Berlin", None))

        asyncio.run(ask_at_once())
        clock.advance(2 * 86400)
        asyncio.run(ask_at_once())


def test_a_key_switches_to_the_hosts_for_customers() -> None:
    assert service() is FREE
    assert service("k3y").forecast_url == "https://customer-api.open-meteo.com/v1/forecast"
    assert service("k3y").geocoding_url == "https://customer-geocoding-api.open-meteo.com/v1/search"
    assert "k3y" not in repr(service("k3y"))
