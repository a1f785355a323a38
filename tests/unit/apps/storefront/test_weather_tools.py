"""The two tools of the weather, as an agent calls them."""

import pytest

from apps.storefront.weather import Normals, Weather, WithNormals, weather_tools
from mainspring import Agent, ScriptedModel, use
from mainspring.core import FakeClock, Request, ToolCall
from tests.unit.apps.storefront.weather_recorded import NOON_S, asked, open_meteo, recorded
from tests.unit.models.wire import HANG, RESET, Serve, Wire


def online(wire: Wire, deadline_s: float = 30.0) -> WithNormals:
    clock = FakeClock(NOON_S)
    return WithNormals(open_meteo(wire, clock, deadline_s=deadline_s), Normals(clock=clock))


async def told(source: Weather, call: ToolCall) -> str:
    """Give what the model is told after its call."""

    def repeat(request: Request) -> str:
        return request.messages[-1].text

    agent = Agent("outdoors", model=ScriptedModel([call, repeat]), tools=weather_tools(source), max_steps=3)
    return (await agent.run("How is it there?")).output


async def test_the_present_is_told_in_words_with_the_source_at_the_end(serve: Serve) -> None:
    wire = await serve(recorded("search_berlin"), recorded("forecast_berlin"))
    assert await told(online(wire), use("weather", place="Berlin")) == (
        "Berlin, State of Berlin, Germany, Wednesday 25 November 2026 at 13:15 local time (GMT+1): light rain, "
        "5.8 degrees Celsius, feels like 2.4 degrees Celsius, wind 15.1 kilometres per hour. The whole day: "
        "2.1 to 6.4 degrees Celsius, 3.4 millimetres of precipitation. "
        "Source: Weather data by Open-Meteo.com (https://open-meteo.com/), CC BY 4.0."
    )


@pytest.mark.parametrize("when", ["tomorrow", "2026-11-26", "Thursday", "in 1 day", "26 November", "November 26th"])
async def test_a_day_ahead_is_told_as_a_forecast(serve: Serve, when: str) -> None:
    wire = await serve(recorded("search_berlin"), recorded("forecast_berlin"))
    assert (await told(online(wire), use("weather", place="Berlin", when=when))).startswith(
        "Forecast for Berlin, State of Berlin, Germany, Thursday 26 November 2026: overcast, "
        "-0.4 to 5.1 degrees Celsius, 0 millimetres of precipitation, wind up to 14 kilometres per hour. Source: "
    )
    assert asked(wire) == ["search", "forecast"]


@pytest.mark.parametrize("when", ["November", "in november", "Nov", "november 2026", "next November"])
async def test_a_month_is_told_as_what_is_typical(serve: Serve, when: str) -> None:
    wire = await serve(recorded("search_berlin"), recorded("forecast_berlin"))
    assert await told(online(wire), use("weather", place="Berlin", when=when)) == (
        "No forecast was to be had (forecasts do not reach that day); typical for November in Berlin (Germany): "
        "days of 8 degrees Celsius, nights of 3 degrees Celsius, 44 millimetres of precipitation in the month on "
        "9 days, wind of 14 kilometres per hour. "
        "Source: Approximate climate normals, rounded."
    )


async def test_without_a_network_the_tools_still_answer(serve: Serve) -> None:
    wire = await serve(RESET)
    text = await told(online(wire), use("weather", place="Berlin", when="now"))
    assert text.startswith(
        "No forecast was to be had (the weather service cannot be reached); typical for November"
    )


@pytest.mark.parametrize(
    ("when", "hint"),
    [("whenever", "write now, tomorrow"), ("31 February", "is no time"), ("in 999 days", "typical")],
)
async def test_words_that_are_no_time_are_answered_with_those_that_are(serve: Serve, when: str, hint: str) -> None:
    wire = await serve(recorded("search_berlin"), recorded("forecast_berlin"))
    assert hint in await told(online(wire), use("weather", place="Berlin", when=when))


async def test_an_ambiguous_place_is_something_the_model_can_mend(serve: Serve) -> None:
    wire = await serve(recorded("search_springfield"))
    text = await told(online(wire), use("weather", place="Springfield"))
    assert "ask again for one of them, as in 'Springfield, Missouri'" in text
    assert "Traceback" not in text


async def test_demands_rest_on_a_typical_year(serve: Serve) -> None:
    wire = await serve(recorded("search_berlin"), recorded("forecast_berlin"))
    assert (await told(online(wire), use("demands", place="Berlin", stands="open"))).splitlines() == [
        "Furniture that stands in the open in Berlin needs at least: rain 2, frost 2, sun 2, salt 0.",
        "rain 2 of 3: 70 millimetres on 10 days in July; it stands in the open",
        "frost 2 of 3: nights of -1 degrees Celsius in January; it stands in the open",
        "sun 2 of 3: strong sun and days of 25 degrees Celsius in July; it stands in the open",
        "salt air 0 of 3: the sea is 170 kilometres away; it stands in the open",
        "This rests on a typical year in Berlin, Germany. Source: Approximate climate normals, rounded.",
    ]
    assert asked(wire) == ["search", "forecast"]


async def test_where_no_year_is_known_demands_rest_on_the_days_ahead_and_say_so(serve: Serve) -> None:
    wire = await serve(recorded("search_alice_springs"), recorded("forecast_berlin"))
    text = await told(online(wire), use("demands", place="Alice Springs", stands="covered"))
    assert "This rests on the next 14 days in Alice Springs, Northern Territory, Australia alone" in text
    assert "rain 2 of 3: 21.3 millimetres on 2026-12-07; wind of 47.2 kilometres per hour drives rain" in text
    assert "salt unknown." in text.splitlines()[0]
    assert "salt air unknown: how far the sea is, is not known; ask" in text
    assert "Open-Meteo.com" in text.splitlines()[-1]


async def test_a_stand_in_is_named_as_such_in_the_demands(serve: Serve) -> None:
    wire = await serve(recorded("search_potsdam"), recorded("forecast_berlin"))
    text = await told(online(wire), use("demands", place="Potsdam, Germany", stands="open"))
    assert "a typical year in Berlin, Germany, 27 km from Potsdam" in text
    assert "salt air unknown" in text


async def test_a_provider_that_hangs_delays_demands_once(serve: Serve) -> None:
    wire = await serve(HANG)
    text = await told(online(wire, deadline_s=0.05), use("demands", place="Oslo", stands="open"))
    assert "a typical year in Oslo, Norway" in text
    assert len(wire.asked) == 1


async def test_a_place_to_stand_that_does_not_exist_is_refused_with_those_that_do(serve: Serve) -> None:
    text = await told(online(await serve()), use("demands", place="Oslo", stands="roof"))
    assert "'open', 'covered' or 'indoor'" in text


def test_the_tools_only_fetch() -> None:
    tools = weather_tools(Normals(clock=FakeClock(NOON_S)))
    assert [(tool.name, tool.annotation.effect, tool.annotation.trusted) for tool in tools] == [
        ("weather", "fetch", False),
        ("demands", "fetch", False),
    ]
