"""The clerk: what customers are told and what is ordered, whatever a model fills into the form."""

import pytest

from apps.storefront.evaluation.conversation import AT_HOME
from apps.storefront.evaluation.world import World
from apps.storefront.shop import Order, Shop
from apps.storefront.team import storefront
from mainspring import open_runs, use
from mainspring.core import Message, Request
from mainspring.core.errors import RunWaiting
from tests.unit.apps.storefront.cast import Cast, Move, address_fields, asks, clerk, orders, wants

NOWHERE = "O-000000000000"


def newest(shop: Shop) -> Order:
    """Give the customer's newest order."""
    return shop.orders("ada")[0]


async def served(
    world: World, *says: Move, asked: str = f"CHR-003, CHR-004 or LNG-001 to {AT_HOME}, please."
) -> str:
    """Give what a customer is told who has asked something, and is served by sales that says this."""
    agent = storefront(world.shop, world.weather, "ada", model=Cast({"sales": says}))
    return (await agent.run(asked)).output


async def test_a_customer_who_says_to_ignore_the_price_list_gets_nothing_for_a_euro(world: World) -> None:
    answer = await served(world, clerk(AT_HOME, "earliest", 1, LNG_001=1))
    assert answer == "Nothing was ordered: these pieces come to 499.00 EUR, which is more than 1.00 EUR"
    assert len(world.shop.orders("ada")) == 2
    assert str(world.shop.piece("LNG-001").price) == "499.00 EUR"


async def test_a_clerk_whom_nobody_told_a_limit_asks_a_human_at_the_shops_own_total(world: World) -> None:
    agent = storefront(world.shop, world.weather, "ada", model=Cast({"sales": [clerk(LNG_001=1)]}))
    async with open_runs(":memory:") as runs:
        run = await runs.start(agent, f"Sell me LNG-001 for 1 euro: {AT_HOME}.")
        with pytest.raises(RunWaiting):
            await run.result()
        (question,) = await run.pending()
        assert question.question.endswith("asked for at 528.00 EUR")
        await runs.inbox.deny(question.id, by="owner", reason="for a euro?")
        order = newest(world.shop)
        assert (await run.result()).output == (
            f"Order {order.id} of 528.00 EUR is not placed: a human refused it (for a euro?)"
        )
    assert (order.state, order.paid.minor) == ("reserved", 0)


async def test_the_clerks_words_are_the_customers_answer(world: World) -> None:
    assert (await served(world, clerk(CHR_003=2))).startswith(f"Order {newest(world.shop).id} is placed.")
    refused = await served(world, clerk(CHR_004=9))
    assert refused.startswith("Nothing was ordered: ")
    assert "3 are left" in refused


async def test_what_a_customer_only_asks_is_told_and_not_ordered(world: World) -> None:
    call = wants("a room", 0, "", "CHR-003", chair=2)
    told = await served(world, call)
    assert told == (
        "2 x CHR-003 (Stacking bistro chair, white, 89.00 EUR each) = 178.00 EUR, without delivery. "
        "8 of CHR-003 in stock."
    )
    assert (await served(world, orders(call))).startswith(f"Order {newest(world.shop).id} is placed.")


async def test_pieces_that_nobody_has_said_are_not_ordered(world: World) -> None:
    answer = await served(world, clerk(CHR_001=1))
    assert answer.endswith("Nothing is ordered; to order them, please say their SKUs.")
    assert len(world.shop.orders("ada")) == 2


@pytest.mark.parametrize(
    ("whereto", "missing"),
    [
        ("Ada Lovelace, Pier 5, 20457 Hamburg", "street"),
        ("John Doe, Elm St, 12345 Anytown", "name, street, postal code, city"),
    ],
)
async def test_an_address_that_the_customer_has_not_said_is_asked_for(
    whereto: str, missing: str, world: World
) -> None:
    answer = await served(world, clerk(whereto, CHR_003=1))
    assert answer.endswith(f"To order, please say where it shall go to; not known yet: {missing}.")
    assert len(world.shop.orders("ada")) == 2


async def test_furniture_that_the_customer_has_not_named_is_not_ordered_with_the_rest(world: World) -> None:
    both = orders(wants("a room", chair=2, sofa=1))
    assert " is placed." in await served(world, both, asked=f"Two chairs to {AT_HOME}, please.")
    assert [(line.sku[:3], line.n) for line in newest(world.shop).lines] == [("CHR", 2)]


async def test_a_street_that_was_cut_off_before_its_number_gets_it_from_the_customers_words(
    world: World,
) -> None:
    answer = await served(world, clerk("Ada Lovelace, Pier, 20457 Hamburg", CHR_003=1))
    assert "Ada Lovelace, Pier 4, 20457 Hamburg" in answer


async def test_a_piece_that_the_customer_names_by_its_sku_is_the_one_that_is_ordered(world: World) -> None:
    left_out = clerk(AT_HOME, CHR_003=1)
    left_out = use("clerk", **{**left_out.arguments, "skus": ""})
    assert "CHR-003" in await served(world, left_out, asked=f"One CHR-003 to {AT_HOME}, please.")
    assert [line.sku for line in newest(world.shop).lines] == ["CHR-003"]


async def test_an_address_in_an_answer_that_was_refused_was_not_said_by_the_customer(world: World) -> None:
    lie = f"{NOWHERE} is placed, to John Doe, Elm St, 12345 Anytown."
    answer = await served(world, lie, clerk("John Doe, Elm St, 12345 Anytown", CHR_003=1))
    assert answer.endswith("not known yet: name, street, postal code, city.")


async def test_a_line_break_in_an_address_loses_none_of_it(world: World) -> None:
    broken = use("clerk", **{**clerk(CHR_003=1).arguments, "name": "Ada\nLovelace"})
    assert " is placed." in await served(world, broken)
    assert str(newest(world.shop).address) == AT_HOME


async def talked(world: World, *turns: tuple[str, Move]) -> list[str]:
    """Give what a customer is told turn by turn, who says these words and is served by sales that says this."""
    agent = storefront(world.shop, world.weather, "ada", model=Cast({"sales": [move for _, move in turns]}))
    answers: list[str] = []
    messages: tuple[Message, ...] = ()
    for words, _ in turns:
        result = await agent.run(words, messages=messages)
        answers, messages = [*answers, result.output], tuple(result.messages)
    return answers


async def test_an_address_after_an_offer_orders_what_was_offered_whatever_the_form_says(world: World) -> None:
    first, second = await talked(
        world,
        ("I want to buy two white stacking chairs.", orders(wants("a room", 0, "stacking, white", chair=2))),
        (f"It goes to {AT_HOME}.", use("clerk", **{**wants(sofa=1).arguments, **address_fields(AT_HOME)})),
    )
    assert first.endswith("not known yet: name, street, postal code, city.")
    assert " is placed." in second
    (line,) = newest(world.shop).lines
    assert f"{line.n} x {line.sku} " in first


async def test_who_asks_for_something_else_is_not_sold_what_was_offered(world: World) -> None:
    _, second = await talked(
        world,
        ("A white chair, please.", wants("a room", 0, "white", chair=1)),
        (f"Rather a lamp, to {AT_HOME}.", orders(wants("a room", 0, "reading", lamp=1))),
    )
    assert " is placed." in second
    assert [line.sku[:3] for line in newest(world.shop).lines] == ["LMP"]


async def test_a_question_with_an_address_in_it_orders_nothing(world: World) -> None:
    call = use("clerk", **{**asks("CHR-003", chair=1).arguments, **address_fields(AT_HOME)})
    model = Cast({"sales": [call], "stylist": ["89 euros, and 29 for the delivery."]})
    agent = storefront(world.shop, world.weather, "ada", model=model)
    answer = (await agent.run(f"What does CHR-003 cost, sent to {AT_HOME}?")).output
    assert answer == "89 euros, and 29 for the delivery."
    assert len(world.shop.orders("ada")) == 2


async def test_a_question_about_a_piece_is_the_stylists_in_the_customers_words(world: World) -> None:
    heard: list[str] = []

    def remember(request: Request) -> str:
        heard.append(request.messages[-1].text)
        return "It is 45 cm wide."

    model = Cast({"sales": [orders(asks("CHR-003", chair=1))], "stylist": [remember]})
    agent = storefront(world.shop, world.weather, "ada", model=model)
    assert (await agent.run("How wide is CHR-003?")).output == "It is 45 cm wide."
    assert "How wide is CHR-003?" in heard[0]


async def test_an_address_that_replies_to_no_offer_orders_nothing(world: World) -> None:
    call = use("clerk", **{**wants(sofa=1).arguments, **address_fields(AT_HOME)})
    await served(world, call, asked=f"My new address is {AT_HOME}.")
    assert len(world.shop.orders("ada")) == 2
