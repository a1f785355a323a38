"""Holding conversations and keeping what came of them: limits, errors, what was used, and going on after a kill."""

import asyncio
import re
import sys
from functools import partial
from pathlib import Path

import pytest

from apps.storefront.evaluate import evaluate, main
from apps.storefront.evaluation import Limits, Outcome, OutcomeFile, Staff, hold, plain, table
from apps.storefront.shop import Order, Shop, open_shop
from apps.storefront.team import role_of, storefront
from apps.storefront.weather import Weather
from mainspring import Agent, ScriptedModel, open_runs, use
from mainspring.core import OnDelta, Reply, Request
from mainspring.core.errors import ConfigError
from tests.unit.apps.storefront.cast import Cast, Play, address_fields, clerk, desk, with_order
from tests.unit.apps.storefront.judging import HOME, named, team
from tests.unit.apps.storefront.plays import PLAYS


async def outcome_of(name: str, play: Play, limits: Limits | None = None) -> Outcome:
    """Hold a conversation with a team that says this."""
    return await hold(named(name), team(play), limits=limits)


async def test_a_human_who_need_not_be_asked_and_is_is_found() -> None:
    outcome = await outcome_of("an order cancelled in time", {"service": [desk("money back", "lamp", why="late")]})
    assert "nobody had to be asked, and a human was: May 149.00 EUR be given back" in "\n".join(outcome.problems)
    assert outcome.asked[0].endswith(" deny")


async def test_a_run_that_breaks_off_is_an_outcome() -> None:
    outcome = await outcome_of("two chairs, as early as possible", {"sales": []})
    assert outcome.problems[0].startswith("it ended in an error: ")
    assert "ModelError: the script of" in outcome.problems[0]
    assert outcome.answers == []


async def test_a_conversation_has_so_many_model_calls_and_no_more() -> None:
    lie = "Order O-000000000000 is placed."
    play: Play = {"service": [lie, lie, "It is on its way."]}
    outcome = await outcome_of("where an order is", play, Limits(model_calls=2))
    assert outcome.model_calls == 2
    assert "BudgetError: budget 'conversation' has 0 model" in outcome.problems[0]


class Silent:
    """A model that never answers."""

    name = "silent"

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Wait for ever."""
        del request, on_delta
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_conversation_has_so_many_seconds_and_no_more() -> None:
    staff = Staff("team", "silent", partial(storefront, model=Silent()))
    outcome = await hold(named("where an order is"), staff, limits=Limits(wall_s=0.05))
    assert outcome.problems[0] == "it ended in an error: it took longer than 0.05 s"


async def test_what_all_agents_used_and_did_is_told() -> None:
    play: Play = {"sales": ["Your order is placed.", clerk(CHR_001=4)]}
    outcome = await outcome_of("a dear order that is denied", play)
    assert (outcome.model_calls, outcome.tool_calls) == (2, 5)
    assert outcome.input_tokens > outcome.output_tokens > 0
    calls = [line.split("(")[0] for line in outcome.steps if " calls " in line]
    assert [re.sub("_[0-9a-f]{8}", "", call) for call in calls] == [
        "shop calls sales",
        "sales calls clerk",
        "clerk calls find_furniture",
        "clerk calls reserve_order",
        "clerk calls place_order",
    ]
    assert outcome.asked[0].startswith("May this order of ada be placed? O-")


def one_agent(*lines: object) -> Staff:
    """Give the agent before any design, with a model that says this."""
    model = ScriptedModel([*lines])  # type: ignore[list-item]  # lines of any kind
    return Staff("plain", "scripted", partial(plain, model=model))


def last(request: Request) -> Order:
    """Read the order that was told last."""
    return Order.model_validate_json(request.messages[-1].text)


async def test_one_agent_with_the_shops_own_calls_can_order_with_the_same_yes() -> None:
    staff = one_agent(
        use("search", wanted={"text": "slatted folding chair, oiled", "kinds": ["chair"], "limit": 1}),
        use("cart_add", sku="CHR-001", n=4),
        use("delivery_slots", postal_code="20457"),
        use("checkout", address=address_fields(HOME), slot="town/2026-05-07/08-13"),
        lambda request: use(
            "place", order=last(request).id, total=last(request).total.model_dump(), pay_by="invoice"
        ),
        lambda request: f"Order {last(request).id} is placed.",
    )
    outcome = await hold(named("a dear order that is approved"), staff)
    assert outcome.problems == [], outcome.steps
    assert len(outcome.asked) == 1


async def test_one_agent_with_the_shops_own_calls_can_give_money_back_with_the_same_yes() -> None:
    staff = one_agent(
        use("orders"),
        with_order("report_damage", sku="CHR-001", n=1, words="a broken leg"),
        with_order("refund", amount={"minor": 14900, "currency": "EUR"}, why="a broken leg"),
        "149.00 EUR are given back.",
    )
    outcome = await hold(named("a broken chair that is paid back"), staff)
    assert outcome.problems == [], outcome.steps
    assert len(outcome.asked) == 1


NAMES = ("where an order is", "an order cancelled in time", "an order cancelled too late")


class Shift:
    """A team that serves one conversation after the other, and notes how many.

    Args:
        names: The conversations that it knows how to hold, in order.
    """

    def __init__(self, *names: str) -> None:
        self.n_served = 0
        self.staff = Staff("team", "cast", self._agent)
        self._plays = [PLAYS[name] for name in names]

    def _agent(self, shop: Shop, weather: Weather, customer: str) -> Agent:
        self.n_served += 1
        return storefront(shop, weather, customer, model=Cast(self._plays[self.n_served - 1]))


async def test_an_evaluation_that_was_killed_goes_on_behind_its_last_whole_line(tmp_path: Path) -> None:
    path, chosen = tmp_path / "out.jsonl", [named(name) for name in NAMES]
    await evaluate(chosen, Shift(*NAMES).staff, file=OutcomeFile(path, resume=False))
    first, second, _ = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{first}\n{second[:200]}", encoding="utf-8")

    shift = Shift(*NAMES[1:])
    outcomes = await evaluate(chosen, shift.staff, file=OutcomeFile(path, resume=True))

    assert shift.n_served == 2
    assert [(one.name, one.is_passed) for one in outcomes] == [(name, True) for name in NAMES]
    assert OutcomeFile(path, resume=True).read() == outcomes


async def test_what_another_design_came_to_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    file, chosen = OutcomeFile(tmp_path / "out.jsonl", resume=False), [named(NAMES[0])]
    await evaluate(chosen, one_agent("I do not know."), file=file)
    (outcome,) = await evaluate(chosen, Shift(NAMES[0]).staff, file=file)
    assert (outcome.design, outcome.is_passed) == ("team", True)
    assert [one.design for one in file.read()] == ["plain", "team"]


def test_outcomes_that_are_there_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.touch()
    with pytest.raises(ConfigError, match="is there already; go on with it by --resume"):
        OutcomeFile(path, resume=False)


async def test_shop_and_runs_are_kept_to_be_looked_at(tmp_path: Path) -> None:
    conversation = named(NAMES[1])
    await evaluate([conversation], Shift(NAMES[1]).staff, keep=tmp_path)
    folder = tmp_path / f"{conversation.number:02}"
    async with open_runs(folder / "runs.db") as runs:
        assert ("shop", "finished") in [(role_of(row.agent), row.status) for row in await runs.find()]
    shop = open_shop(str(folder / "shop.db"))
    assert [order.state for order in shop.orders("ada")] == ["cancelled"]
    shop.close()


async def test_what_came_of_each_conversation_is_shown_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    play: Play = {"service": ["It is on its way, I guess."], "sales": ["It is on its way, I guess."]}
    await evaluate([named("where an order is")], team(play))
    await evaluate([named("too little money")], team(play))
    first, second, problem = capsys.readouterr().err.splitlines()
    assert first.split()[:2] == ["30", "passed"]
    assert second.split()[:2] == ["23", "FAILED"]
    assert problem.strip() == "the answer must say that it was not done"


def test_the_table_has_a_line_for_each_category_and_their_sum() -> None:
    used = {"model_calls": 3, "tool_calls": 2, "input_tokens": 1000, "cached_tokens": 400, "output_tokens": 50}
    said: dict[str, list[str]] = {"said": [], "answers": [], "asked": [], "steps": []}

    def outcome(category: str, *problems: str) -> Outcome:
        return Outcome(
            number=1, category=category, name="", design="team", model="cast", digest="", wall_s=2.0,
            problems=[*problems], **said, **used,
        )  # fmt: skip

    lines = table([outcome("weather"), outcome("turns", "wrong"), outcome("turns")]).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["weather", "1", "1", "3", "1,000", "400", "50", "2"],
        ["turns", "1", "2", "6", "2,000", "800", "100", "4"],
        ["all", "2", "3", "9", "3,000", "1,200", "150", "6"],
    ]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--only", "41"], "their numbers are 1 to 40"), (["--only", "1", "--model", "nobody"], "no model 'nobody'")],
)
def test_a_command_that_makes_no_sense_is_told_why(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", *arguments])
    with pytest.raises(SystemExit, match=words):
        main()
