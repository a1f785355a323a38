"""The weather of several places in one call."""

from apps.storefront.tools import outdoor_tools
from apps.storefront.weather import Normals
from mainspring import Agent, ScriptedModel
from mainspring.core import FakeClock
from tests.unit.apps.storefront.cast import told, weather


async def said_of(*places: str) -> str:
    """Give what a model is told of places in July."""
    tools = outdoor_tools(Normals(clock=FakeClock(1_777_885_200.0)))
    agent = Agent("outdoors", model=ScriptedModel([weather("July", *places), told]), tools=tools)
    return (await agent.run("Where does it rain more?")).output


async def test_the_weather_of_each_place_is_told_in_order() -> None:
    berlin, tokyo = (await said_of("Berlin", "Tokyo")).splitlines()
    assert "Berlin" in berlin
    assert "70 millimetres" in berlin
    assert "156 millimetres" in tokyo


async def test_a_place_that_nobody_knows_does_not_take_the_others_along() -> None:
    berlin, atlantis = (await said_of("Berlin", "Atlantis")).splitlines()
    assert "70 millimetres" in berlin
    assert atlantis.startswith("The weather of Atlantis is not known: ")


async def test_where_no_place_is_known_the_call_has_failed() -> None:
    assert "not known" in await said_of("Atlantis")


async def test_more_than_three_places_are_refused() -> None:
    assert "places" in await said_of("Berlin", "Tokyo", "Oslo", "Rome")
