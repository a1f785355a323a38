"""The desk: what becomes of a customer's orders, whatever a model fills into the form."""

import pytest

from apps.storefront.evaluation.world import World
from apps.storefront.team import storefront
from mainspring import open_runs
from mainspring.core.errors import RunWaiting
from tests.unit.apps.storefront.cast import Cast, Move, desk
from tests.unit.apps.storefront.judging import buy

ELBE = "Ada Lovelace, Elbchaussee 3, 22763 Hamburg"
BROKEN = "One of my CHR-001 came broken: a leg is loose."


async def served(world: World, asked: str, *says: Move) -> str:
    """Give what a customer is told who has said something, and is served by a service that says this."""
    agent = storefront(world.shop, world.weather, "ada", model=Cast({"service": says}))
    return (await agent.run(asked)).output


async def judged(world: World, asked: str, call: Move, *, is_approved: bool) -> tuple[str, str]:
    """Give what a human is asked, and what the customer is told after that one's yes or no."""
    agent = storefront(world.shop, world.weather, "ada", model=Cast({"service": [call]}))
    async with open_runs(":memory:") as runs:
        run = await runs.start(agent, asked)
        with pytest.raises(RunWaiting):
            await run.result()
        (question,) = await run.pending()
        if is_approved:
            await runs.inbox.approve(question.id, by="owner")
        else:
            await runs.inbox.deny(question.id, by="owner", reason="no")
        return question.question, (await run.result()).output


async def test_orders_that_are_to_come_or_have_come_are_told(world: World) -> None:
    told = await served(world, "Where are my orders?", desk("tell"))
    assert all(f"{world.ids[name]}, " in told for name in ("lamp", "chairs"))
    assert world.ids["theirs"] not in told


async def test_the_order_that_is_meant_is_found_by_the_piece(world: World) -> None:
    told = await served(world, "Where is my lamp?", desk("tell", "lamp"))
    assert told.startswith(f"{world.ids['lamp']}, placed, not shipped yet")
    assert world.ids["chairs"] not in told


async def test_the_only_order_that_can_be_cancelled_is_meant(world: World) -> None:
    told = await served(world, "Cancel my order, please.", desk("cancel"))
    assert told.startswith(f"Done: {world.ids['lamp']}, cancelled")
    assert told.endswith("What was paid is given back.")
    assert str(world.shop.order_status("ada", world.ids["lamp"]).refunded) == "178.00 EUR"


async def test_of_two_orders_that_may_be_meant_the_desk_asks_which_and_the_next_words_say_it(world: World) -> None:
    second = buy(world, "LMP-014")
    model = Cast({"service": [desk("cancel"), desk("cancel", order=second.id)]})
    agent = storefront(world.shop, world.weather, "ada", model=model)
    first = await agent.run("Cancel my order, please.")
    assert first.output.startswith("Please say which order is meant")
    assert {order.state for order in world.shop.orders("ada")} == {"placed", "delivered"}
    told = (await agent.run(f"{second.id}, please.", messages=first.messages)).output
    assert told.startswith(f"Done: {second.id}, cancelled")
    assert world.shop.order_status("ada", world.ids["lamp"]).state == "placed"


async def test_the_newest_of_two_orders_is_meant_by_who_says_so(world: World) -> None:
    second = buy(world, "LMP-014")
    told = await served(world, "Cancel my latest order, please.", desk("cancel"))
    assert told.startswith(f"Done: {second.id}, cancelled")


@pytest.mark.parametrize("piece", ["sofa", "SOF-009"])
async def test_a_piece_that_was_not_ordered_means_no_order(piece: str, world: World) -> None:
    told = await served(world, f"Cancel my {piece}, please.", desk("cancel", piece))
    assert "cancelled" not in told
    assert world.shop.order_status("ada", world.ids["lamp"]).state == "placed"


async def test_an_order_is_not_cancelled_for_a_customer_who_only_asks_where_it_is(world: World) -> None:
    told = await served(world, "Where is my lamp?", desk("cancel", "lamp"))
    assert told.endswith("If it is to be cancelled, please say so.")
    assert world.shop.order_status("ada", world.ids["lamp"]).state == "placed"


async def test_somebody_elses_order_is_no_order_of_the_customers(world: World) -> None:
    theirs = world.ids["theirs"]
    told = await served(world, f"Cancel order {theirs}.", desk("cancel", order=theirs))
    assert told == f"You have no order {theirs}."


async def test_a_broken_piece_is_noted_and_its_price_given_back_with_a_yes(world: World) -> None:
    call = desk("money back", "CHR-001", broken="a loose leg")
    asked, told = await judged(world, f"{BROKEN} I want my money back.", call, is_approved=True)
    order = world.shop.order_status("ada", world.ids["chairs"])
    assert asked.startswith("May 149.00 EUR be given back (a loose leg)?")
    assert told == (
        f"Done: 1 x CHR-001 of order {order.id} is noted as broken (a loose leg). "
        f"149.00 EUR of order {order.id} is given back."
    )
    assert ([(claim.sku, claim.n) for claim in order.claims], str(order.refunded)) == (
        [("CHR-001", 1)],
        "149.00 EUR",
    )


async def test_a_broken_piece_is_noted_whatever_a_human_says_of_the_money(world: World) -> None:
    call = desk("report broken", "CHR-001", broken="a loose leg")
    _, told = await judged(world, f"{BROKEN} I want my money back.", call, is_approved=False)
    order = world.shop.order_status("ada", world.ids["chairs"])
    assert told.endswith(f"No money of order {order.id} is given back: a human refused it (no)")
    assert (len(order.claims), order.refunded.minor) == (1, 0)


async def test_money_for_a_piece_that_is_noted_already_is_asked_for_without_a_second_note(world: World) -> None:
    await served(world, BROKEN, desk("report broken", "CHR-001", broken="a loose leg"))
    call = desk("money back", "CHR-001", broken="a loose leg")
    _, told = await judged(world, f"{BROKEN} Give me the money back.", call, is_approved=True)
    order = world.shop.order_status("ada", world.ids["chairs"])
    assert told == f"Done: 149.00 EUR of order {order.id} is given back."
    assert len(order.claims) == 1


async def test_who_reports_a_broken_piece_and_wants_no_money_is_given_none(world: World) -> None:
    told = await served(world, BROKEN, desk("report broken", "CHR-001", broken="a loose leg"))
    assert told.endswith("is noted as broken (a loose leg).")


async def test_damage_of_which_nobody_has_spoken_is_asked_for(world: World) -> None:
    call = desk("report broken", "CHR-001", broken="scratched varnish")
    told = await served(world, "My CHR-001 arrived, and I am not happy.", call)
    assert told.startswith("Please say what is broken of CHR-001")
    assert world.shop.order_status("ada", world.ids["chairs"]).claims == ()


async def test_an_amount_that_nobody_has_said_is_not_given_back(world: World) -> None:
    chairs = world.ids["chairs"]
    call = desk("money back", order=chairs, amount_euro="300.00")
    told = await served(world, f"I paid too much for order {chairs}. Give me some of it back.", call)
    assert told.startswith(f"Please say how much of order {chairs} is to be given back")


async def test_an_amount_that_the_customer_names_is_given_back_with_a_yes(world: World) -> None:
    chairs = world.ids["chairs"]
    call = desk("money back", order=chairs, amount_euro="20")
    asked, told = await judged(
        world, f"Order {chairs} was late, I want a refund of 20 euros.", call, is_approved=True
    )
    assert asked.startswith("May 20.00 EUR be given back")
    assert told == f"Done: 20.00 EUR of order {chairs} is given back."


async def test_an_order_goes_to_an_address_that_was_said_with_a_yes(world: World) -> None:
    lamp = world.ids["lamp"]
    call = desk("send elsewhere", order=lamp, to=ELBE)
    asked, told = await judged(world, f"Please send order {lamp} to {ELBE}.", call, is_approved=True)
    assert asked.startswith(f"May it go to {ELBE} instead?")
    assert told.startswith(f"Done: {lamp}, placed")
    assert str(world.shop.order_status("ada", lamp).address) == ELBE


async def test_an_order_keeps_its_name_where_only_another_street_is_said(world: World) -> None:
    lamp = world.ids["lamp"]
    call = desk("send elsewhere", order=lamp, to=ELBE)
    asked, _ = await judged(
        world, f"Please send order {lamp} to Elbchaussee 3, 22763 Hamburg.", call, is_approved=True
    )
    assert asked.startswith(f"May it go to {ELBE} instead?")


async def test_an_address_that_nobody_has_said_is_asked_for_and_the_next_words_give_it(world: World) -> None:
    call = desk("send elsewhere", "lamp", to=ELBE)
    agent = storefront(world.shop, world.weather, "ada", model=Cast({"service": [call, call]}))
    async with open_runs(":memory:") as runs:
        run = await runs.start(agent, "My order of the lamp has to be sent elsewhere, the one I paid yesterday.")
        first = await run.result()
        assert "please say where to; not known yet: street, postal code, city." in first.output
        run = await runs.start(agent, f"To {ELBE}.", messages=first.messages)
        with pytest.raises(RunWaiting):
            await run.result()
        (question,) = await run.pending()
        assert question.question.startswith(f"May it go to {ELBE} instead?")


async def test_a_customer_without_orders_is_told_so(world: World) -> None:
    agent = storefront(world.shop, world.weather, "cy", model=Cast({"service": [desk("cancel")]}))
    assert (await agent.run("Cancel my order.")).output == "You have no such order."
