"""Where there is no forecast, what is typical is given, and said to be that."""

from datetime import date

import pytest

from apps.storefront.weather import AmbiguousPlace, Normals, NoSuchPlace, NothingKnown, WithNormals
from mainspring.core import FakeClock
from tests.unit.apps.storefront.weather_recorded import NOON_S, fault, open_meteo, recorded
from tests.unit.models.wire import HANG, RESET, Serve, Step, Wire, answer


def weather(wire: Wire, deadline_s: float = 30.0) -> WithNormals:
    clock = FakeClock(NOON_S)
    return WithNormals(open_meteo(wire, clock, deadline_s=deadline_s), Normals(clock=clock))


async def test_a_forecast_is_given_as_it_is(serve: Serve) -> None:
    wire = await serve(recorded("search_berlin"), recorded("forecast_berlin"))
    told = await weather(wire).at("Berlin", date(2026, 11, 27))
    assert told.kind == "forecast"
    assert told.note == ""


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (RESET, "the weather service cannot be reached"),
        (answer("<html>", content_type="text/html"), "the weather service cannot be reached"),
        (fault("429 Too Many", "Daily API request limit exceeded."), "may not be asked again yet"),
        (fault("400 Bad Request", "No."), "refused to answer"),
    ],
)
async def test_without_a_forecast_the_answer_is_typical_and_says_why(serve: Serve, step: Step, why: str) -> None:
    wire = await serve(step)
    told = await weather(wire).at("Berlin", None)
    assert told.kind == "climate normal"
    assert told.source.name == "climate normals"
    assert why in told.note
    assert told.note.startswith("no forecast was to be had (")
    assert told.note.endswith("typical for November in Berlin")


async def test_a_provider_that_hangs_is_made_good_too(serve: Serve) -> None:
    wire = await serve(HANG)
    assert (await weather(wire, deadline_s=0.05).at("Berlin", None)).kind == "climate normal"


async def test_for_a_month_ahead_the_typical_month_is_given(serve: Serve) -> None:
    wire = await serve(recorded("search_berlin"))
    told = await weather(wire).at("Berlin", date(2027, 3, 15))
    assert told.note == ("no forecast was to be had (forecasts do not reach that day); typical for March in Berlin")


async def test_a_place_found_but_not_forecast_is_told_by_the_city_nearby(serve: Serve) -> None:
    wire = await serve(recorded("search_potsdam"), answer("down", status="503 Service Unavailable"))
    told = await weather(wire).at("Potsdam", None)
    assert told.place.name == "Berlin"
    assert "27 km from Potsdam" in told.note


async def test_where_neither_is_known_both_reasons_are_said(serve: Serve) -> None:
    wire = await serve(recorded("search_alice_springs"), RESET)
    with pytest.raises(NothingKnown, match="cannot be reached, and no climate normals are known") as caught:
        await weather(wire).at("Alice Springs", None)
    assert caught.value.place is not None
    assert caught.value.place.name == "Alice Springs"


async def test_without_a_network_an_unknown_city_is_not_made_up(serve: Serve) -> None:
    wire = await serve(RESET)
    with pytest.raises(NothingKnown, match="'Ouagadougou'"):
        await weather(wire).at("Ouagadougou", None)


async def test_a_place_that_does_not_exist_stays_an_error(serve: Serve) -> None:
    wire = await serve(recorded("search_nothing"))
    with pytest.raises(NoSuchPlace):
        await weather(wire).at("Xyzzy", None)


async def test_an_ambiguous_place_stays_an_error(serve: Serve) -> None:
    wire = await serve(recorded("search_springfield"))
    with pytest.raises(AmbiguousPlace):
        await weather(wire).at("Springfield", None)
