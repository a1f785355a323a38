"""A customer who wants several things: each is seen to by who knows it, one after the other."""

from apps.storefront.evaluation.conversation import AT_HOME
from apps.storefront.evaluation.world import World
from apps.storefront.team import storefront
from tests.unit.apps.storefront.cast import Cast, Play, clerk, desk, told, weather


async def served(world: World, asked: str, play: Play) -> str:
    """Give what a customer is told."""
    return (await storefront(world.shop, world.weather, "ada", model=Cast(play)).run(asked)).output


async def test_an_order_is_cancelled_before_another_one_is_placed(world: World) -> None:
    play: Play = {"service": [desk("cancel", "lamp")], "sales": [clerk(CHR_003=2)]}
    answer = await served(world, f"Cancel the lamp, and send me 2 of CHR-003 instead, to {AT_HOME}.", play)
    assert answer.startswith(f"Done: {world.ids['lamp']}, cancelled")
    assert " is placed." in answer
    states = {order.id: order.state for order in world.shop.orders("ada")}
    assert sorted(states.values()) == ["cancelled", "delivered", "placed"]


async def test_what_is_wanted_instead_of_an_order_is_not_sold_where_that_cannot_be_cancelled(world: World) -> None:
    play: Play = {"service": [desk("cancel", "CHR-001")], "sales": [clerk(CHR_003=2)]}
    answer = await served(world, f"Cancel my CHR-001, and send me 2 of CHR-003 instead, to {AT_HOME}.", play)
    assert answer.startswith(f"Order {world.ids['chairs']} is not cancelled: ")
    assert answer.endswith("if you want it all the same, please say so.")
    assert len(world.shop.orders("ada")) == 2


async def test_where_an_order_is_and_how_the_weather_is_are_told_together(world: World) -> None:
    play: Play = {"service": [desk("tell", "lamp")], "weather": [weather("July", "Rome"), told]}
    answer = await served(world, "Was my lamp shipped? And how warm is it in Rome in July?", play)
    assert "placed, not shipped yet" in answer
    assert "31 degrees" in answer
