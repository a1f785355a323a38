"""The shop's tools, as an agent calls them: what a model is told, and what stands in the database after it."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from apps.storefront.evaluation.conversation import AT_HOME
from apps.storefront.evaluation.world import World
from apps.storefront.shop import Order, Shop
from apps.storefront.tools import finding_tool, ordering_tools, service_tools
from apps.storefront.tools.fields import Choice
from mainspring import Agent, DurableRun, Runs, ScriptedModel, open_runs, use
from mainspring.core import ToolCall
from mainspring.core.errors import RunWaiting
from mainspring.runs import Pending
from mainspring.tools import AnyTool
from tests.unit.apps.storefront.cast import (
    Move,
    address_fields,
    all_told,
    find,
    items_of,
    place,
    with_order,
)
from tests.unit.apps.storefront.killed_visit import VISIT, WORDS, answered, shop_in, visited

NOWHERE = "O-000000000000"


async def tell(tools: Sequence[AnyTool], *moves: Move) -> str:
    """Give what a model is told after its calls."""
    agent = Agent("seller", model=ScriptedModel([*moves, all_told]), tools=tools)
    return (await agent.run("Do it.")).output


@asynccontextmanager
async def waiting(tools: Sequence[AnyTool], *moves: Move) -> AsyncIterator[tuple[Runs, DurableRun[str], Pending]]:
    """Give a run that waits for a human."""
    agent = Agent("seller", model=ScriptedModel([*moves, all_told]), tools=tools)
    async with open_runs(":memory:") as runs:
        run = await runs.start(agent, "Do it.")
        with pytest.raises(RunWaiting):
            await run.result()
        (question,) = await run.pending()
        yield runs, run, question


def reserving(
    *pieces: tuple[str, int], to: str = AT_HOME, day: str = "earliest", max_total_euro: int = 0
) -> ToolCall:
    """Reserve pieces."""
    items = [item for sku, number in pieces for item in items_of({sku: number})]
    return use("reserve_order", items=items, day=day, max_total_euro=max_total_euro, **address_fields(to))


async def found(world: World, call: ToolCall) -> Choice:
    """Give what looking for furniture finds."""
    return Choice.model_validate_json(await tell([finding_tool(world.shop, world.weather)], call))


def newest(shop: Shop) -> Order:
    """Give the customer's newest order."""
    return shop.orders("ada")[0]


@pytest.mark.parametrize("which", ["best match", "another look", "cheapest"])
async def test_a_set_holds_what_is_wanted_stands_the_weather_and_keeps_to_the_budget(
    which: str, world: World
) -> None:
    choice = await found(world, find("Bergen, no roof", 400, "stacking", which, table=1, chair=2))
    assert "stand in the open in Bergen and resist rain 3, frost 2, sun 1, salt 2" in choice.says
    picked = [(item.number, world.shop.piece(item.sku)) for item in choice.items]
    assert [(n, piece.kind) for n, piece in picked] == [(1, "table"), (2, "chair")]
    assert all(piece.stands == "open" and piece.stock >= n for n, piece in picked)
    assert all(piece.weather.rain >= 3 and piece.weather.frost >= 2 for _, piece in picked)
    total = sum(piece.price.minor * n for n, piece in picked)
    assert total <= 400_00
    assert choice.total == str(world.shop.terms.money(total))
    assert f" = {choice.total}, without delivery" in choice.says


async def test_another_look_shares_no_piece_with_the_best_match_and_costs_no_less_than_the_cheapest(
    world: World,
) -> None:
    best, other, cheapest = [
        await found(world, find("a room", 0, "slatted", which, chair=2))
        for which in ("best match", "another look", "cheapest")
    ]
    assert not {item.sku for item in best.items} & {item.sku for item in other.items}
    assert cheapest.says.startswith("2 x CHR-006 (Steel bistro chair, red, 59.00 EUR each) = 118.00 EUR")


async def test_a_budget_that_is_too_small_is_told_with_the_cheapest_there_is_and_nothing_is_chosen(
    world: World,
) -> None:
    choice = await found(world, find("a room", 200, sofa=1))
    assert choice.says.startswith("Nothing within 200.00 EUR: the cheapest")
    assert "1 x SOF-009 (Modular lounge element, stool, 299.00 EUR each) = 299.00 EUR" in choice.says
    assert (choice.items, choice.total) == ([], "")


async def test_where_nothing_stands_the_weather_nothing_is_offered(world: World) -> None:
    choice = await found(world, find("Reykjavik, no roof", shelf=1))
    assert choice.says.startswith("Nothing fits: no piece in stock for 1 x shelf")
    assert choice.items == []


async def test_the_weather_of_a_city_that_nobody_knows_is_not_taken_for_fair(world: World) -> None:
    told = await tell([finding_tool(world.shop, world.weather)], find("Atlantis, no roof", chair=1))
    assert "'Atlantis'" in told
    assert "CHR-" not in told


async def test_pieces_that_are_named_are_found_whatever_else_would_fit(world: World) -> None:
    choice = await found(world, find("Bergen, no roof", 0, "", "best match", "CHR-034, LNG-001", chair=2))
    assert {item.sku: item.number for item in choice.items} == {"CHR-034": 2, "LNG-001": 1}
    assert choice.total == "1,597.00 EUR"
    assert "15 of CHR-034 in stock." in choice.says


async def test_named_pieces_of_kinds_that_nobody_wanted_are_as_many_as_stand_in_their_place(world: World) -> None:
    choice = await found(world, find("a room", 0, "", "best match", "CSH-003, RUG-005, LMP-012", chair=2, rug=3))
    assert {item.sku: item.number for item in choice.items} == {"CSH-003": 2, "RUG-005": 3, "LMP-012": 1}


async def test_a_named_piece_that_there_is_not_is_replaced_by_no_other(world: World) -> None:
    told = await tell(
        [finding_tool(world.shop, world.weather)], find("a room", 0, "", "best match", "CHR-999", chair=1)
    )
    assert told.startswith("there is no piece 'CHR-999'")


async def test_a_piece_of_which_too_few_are_left_is_not_offered(world: World) -> None:
    (item,) = (await found(world, find("a room", 0, "stacking bistro graphite", chair=4))).items
    assert item.sku.startswith("CHR-")
    assert (item.sku != "CHR-004", item.number) == (True, 4)


async def test_an_order_is_reserved_and_then_placed_at_its_total(world: World) -> None:
    shop = world.shop
    text = await tell(ordering_tools(shop, "ada"), reserving(("CHR-003", 2), ("CHR-003", 1)), place)
    order = newest(shop)
    assert text.startswith(f"Order {order.id} is placed.")
    assert (order.state, str(order.total), str(order.address)) == ("placed", "296.00 EUR", AT_HOME)
    assert (order.paid, order.payment) == (order.total, "captured")
    assert shop.piece("CHR-003").stock == world.stock["CHR-003"] - 3


async def test_only_what_was_named_is_reserved_whatever_is_in_the_cart(world: World) -> None:
    world.shop.cart_add("ada", "CSH-002", 2, key="earlier")
    await tell(ordering_tools(world.shop, "ada"), reserving(("LMP-014", 1), day="saturday"))
    order = newest(world.shop)
    assert {line.sku: line.n for line in order.lines} == {"LMP-014": 1}
    assert (order.state, order.slot) == ("reserved", "town/2026-05-09/08-13")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (reserving(("CHR-004", 9)), "3 are left"),
        (reserving(("CHR-999", 1)), "there is no piece 'CHR-999'"),
        (reserving(("CHR-003", 1), day="sunday"), "or one of these days"),
        (reserving(("CHR-003", 2), max_total_euro=177), "178.00 EUR, which is more than 177.00 EUR"),
        (reserving(("CHR-003", 1), to="Ada, 10 Downing Street, SW1A 2AA London"), "nobody delivers"),
    ],
)
async def test_what_cannot_be_reserved_is_told_why_and_changes_nothing(
    call: ToolCall, words: str, world: World
) -> None:
    assert words in await tell(ordering_tools(world.shop, "ada"), call)
    assert world.shop.office.stock() == world.stock
    assert len(world.shop.orders("ada")) == 2


async def test_an_order_is_never_placed_at_another_total(world: World) -> None:
    cheap = with_order("place_order", total="1.00 EUR")
    text = await tell(ordering_tools(world.shop, "ada"), reserving(("CHR-003", 2)), cheap)
    assert "1.00 EUR was agreed to" in text
    order = newest(world.shop)
    assert (order.state, order.paid.minor, str(order.total)) == ("reserved", 0, "207.00 EUR")


async def test_an_order_above_the_limit_waits_for_a_yes_to_a_question_that_says_what_it_is(world: World) -> None:
    tools = ordering_tools(world.shop, "ada")
    async with waiting(tools, reserving(("CHR-001", 4)), place) as (runs, run, question):
        order = newest(world.shop)
        assert question.question == (
            f"May this order of ada be placed? {order.id}, reserved, not ordered yet: 4 x CHR-001 (Slatted folding "
            "chair, oiled, 149.00 EUR each) + delivery 29.00 EUR = total 625.00 EUR, to Ada Lovelace, Pier 4, "
            "20457 Hamburg on 2026-05-07; asked for at 625.00 EUR"
        )
        assert order.state == "reserved"
        await runs.inbox.approve(question.id, by="owner")
        await run.result()
    assert newest(world.shop).state == "placed"


async def test_an_order_that_a_human_refuses_is_not_placed(world: World) -> None:
    tools = ordering_tools(world.shop, "ada")
    async with waiting(tools, reserving(("CHR-001", 4)), place) as (runs, run, question):
        await runs.inbox.deny(question.id, by="owner", reason="too many")
        assert "a human refused it (too many)" in (await run.result()).output
    order = newest(world.shop)
    assert (order.state, order.paid.minor) == ("reserved", 0)


async def test_a_total_that_cannot_be_read_does_not_get_past_the_human(world: World) -> None:
    call = with_order("place_order", total="a fair price")
    tools = ordering_tools(world.shop, "ada")
    async with waiting(tools, reserving(("CHR-003", 2)), call) as (runs, run, question):
        await runs.inbox.approve(question.id, by="owner")
        assert "'a fair price' is not an amount" in (await run.result()).output
    assert newest(world.shop).state == "reserved"


@pytest.mark.parametrize("order", ["theirs", "nowhere"])
async def test_another_customers_order_is_to_a_customer_as_if_it_did_not_exist(order: str, world: World) -> None:
    name = world.ids.get(order, NOWHERE)
    calls = [
        use("cancel_order", order=name, why="mine now"),
        use("report_damage", order=name, sku="LMP-003", number=1, what_is_broken="all"),
    ]
    text = await tell(service_tools(world.shop, "ada"), *calls)
    assert text.count(f"this customer has no order '{name}'") == 2
    assert name not in await tell(service_tools(world.shop, "ada"), use("my_orders"))
    theirs = world.orders["theirs"]
    assert world.shop.order_status("bo", theirs.id) == theirs


async def test_an_order_is_cancelled_and_paid_back_at_once(world: World) -> None:
    order = world.ids["lamp"]
    text = await tell(service_tools(world.shop, "ada"), use("cancel_order", order=order, why="not needed"))
    assert f"Done. {order}, cancelled" in text
    cancelled = world.shop.order_status("ada", order)
    assert cancelled.refunded == cancelled.paid
    assert world.shop.piece("LMP-012").stock == world.stock["LMP-012"] + 1


async def test_damage_is_noted_without_a_yes_and_paid_back_with_one(world: World) -> None:
    order = world.ids["chairs"]
    damage = use("report_damage", order=order, sku="CHR-001", number=1, what_is_broken="a leg")
    refund = use("refund_order", order=order, amount_back="149.00 EUR", why="a broken leg")
    async with waiting(service_tools(world.shop, "ada"), damage, refund) as (runs, run, question):
        assert question.question.startswith("May 149.00 EUR be given back (a broken leg)? Order of ada: ")
        (claim,) = world.shop.order_status("ada", order).claims
        assert (claim.sku, claim.n) == ("CHR-001", 1)
        assert world.shop.order_status("ada", order).refunded.minor == 0
        await runs.inbox.approve(question.id, by="owner")
        assert f"149.00 EUR of order {order} is given back (done)" in (await run.result()).output
    assert str(world.shop.order_status("ada", order).refunded) == "149.00 EUR"


async def test_no_yes_gives_more_back_than_was_paid(world: World) -> None:
    order = world.ids["chairs"]
    refund = use("refund_order", order=order, amount_back="1,000.00 EUR", why="I said so")
    async with waiting(service_tools(world.shop, "ada"), refund) as (runs, run, question):
        await runs.inbox.approve(question.id, by="owner")
        assert "1,000.00 EUR cannot be given back: 625.00 EUR is left" in (await run.result()).output
    assert world.shop.order_status("ada", order).refunded.minor == 0


async def test_an_order_goes_elsewhere_only_with_a_yes(world: World) -> None:
    order, there = world.ids["lamp"], "Ada Lovelace, Elbchaussee 3, 22763 Hamburg"
    move = use("change_address", order=order, **address_fields(there))
    async with waiting(service_tools(world.shop, "ada"), move) as (runs, run, question):
        assert question.question.startswith(f"May it go to {there} instead? Order of ada: {order}")
        assert str(world.shop.order_status("ada", order).address) == AT_HOME
        await runs.inbox.approve(question.id, by="owner")
        await run.result()
    assert str(world.shop.order_status("ada", order).address) == there


def kill(folder: Path, moment: str) -> None:
    """Serve a customer until the process is killed."""
    killed = subprocess.run(
        [sys.executable, "-m", "tests.unit.apps.storefront.killed_visit", str(folder), moment],
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()


@pytest.mark.parametrize("moment", ["inside reserve", "between", "inside place"])
async def test_a_killed_process_orders_once(moment: str, tmp_path: Path) -> None:
    kill(tmp_path, moment)
    shop = shop_in(tmp_path)
    try:
        shop.recover()
        async with open_runs(tmp_path / "runs.db") as runs:
            run = await runs.start(visited(shop, {}), WORDS, id=VISIT)
            assert " is placed." in await answered(runs, run)
        (order,) = shop.orders("ada")
        assert (order.state, str(order.paid)) == ("placed", "385.00 EUR")
        assert shop.piece("CHR-003").stock == 4
    finally:
        shop.close()
