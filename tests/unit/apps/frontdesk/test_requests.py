"""What people write to the front desk, and what is right for it."""

import json
import subprocess
import sys

import pytest

from apps.frontdesk.agent import agent
from apps.frontdesk.requests import Request, requests
from apps.frontdesk.said import as_said
from apps.frontdesk.tools import DESKS, NEW_DESK
from mainspring import ScriptedModel, use
from mainspring.core.errors import ModelReplyError

COPIED = ("order", "sku", "city", "model", "gpu")


def ticket(request: Request) -> str:
    return json.dumps({"desk": "any", **request.arguments})


@pytest.mark.parametrize("split", ["train", "held_out"])
def test_the_right_ticket_of_every_request_is_in_the_request(split: str) -> None:
    for request in requests("train" if split == "train" else "held_out", 6):
        assert as_said(request.words, ticket(request)) == ""


def test_what_is_kept_for_the_test_is_in_no_request_to_learn_from() -> None:
    train, held_out = requests("train", 6), requests("held_out", 6)

    assert not {request.words for request in train} & {request.words for request in held_out}
    for name in COPIED:
        learnt = {request.arguments.get(name) for request in train} - {None}
        assert not learnt & {request.arguments.get(name) for request in held_out}


def test_the_desk_that_opened_later_is_only_in_the_test() -> None:
    assert {request.tool for request in requests("train", 1)} == {tool.name for tool in DESKS}
    assert {request.tool for request in requests("held_out", 1)} == {tool.name for tool in (*DESKS, NEW_DESK)}


def test_the_same_seed_gives_the_same_requests() -> None:
    assert requests("train", 2) == requests("train", 2)
    assert requests("train", 2) != requests("train", 2, seed=1)


@pytest.mark.parametrize(
    ("words", "fields", "made_up"),
    [
        ("Two chairs please.", {"kind": "chair", "number": 2, "max_euro": 0}, ""),
        ("Chairs for 1,200 euro.", {"number": 1, "max_euro": 1200}, "number 1"),
        ("A chair for 100 euro.", {"number": 1, "max_euro": 10}, "max_euro 10"),
        ("Where is O-00aa11?", {"order": "O-00aa12"}, "order 'O-00aa12'"),
        ("Is it cold in bergen in  may?", {"city": "Bergen", "month": "May"}, ""),
        ("Llama-3.1-8B on H100 for 18 users", {"model": "Llama-3.1-8B", "gpu": "H100", "users": 8}, "users 8"),
    ],
)
def test_a_ticket_with_something_that_nobody_wrote_is_told_of(
    words: str, fields: dict[str, object], made_up: str
) -> None:
    says, *_ = as_said(words, json.dumps({"desk": "any", **fields})).split("; ")

    assert says == (f"the request does not say {made_up}" if made_up else "")


@pytest.mark.parametrize(
    ("words", "fields", "left_out"),
    [
        (
            "I got O-00aa11, yet 5 TBL-018 have no leg.",
            {"kind": "table", "number": 5, "max_euro": 0},
            "o-00aa11, tbl-018",
        ),
        ("Got 620 euro and no chairs; 2 would do.", {"kind": "chair", "number": 2, "max_euro": 0}, "620 euro"),
        ("Chairs, two, for 1,200 euro.", {"kind": "chair", "number": 2, "max_euro": 1200}, ""),
        ("Cancel O-00aa11 and O-00aa12.", {"order": "O-00aa11"}, "o-00aa12"),
        ("How many H100s for Phi-4 and 8 users?", {"model": "Phi-4", "gpu": "H100", "users": 8}, ""),
        ("I wait for O-00aa11 since 2 weeks, at 12 Mill Lane.", {"order": "O-00aa11"}, ""),
    ],
)
def test_a_ticket_without_an_order_an_article_or_a_price_that_was_written_is_told_of(
    words: str, fields: dict[str, object], left_out: str
) -> None:
    says = as_said(words, json.dumps({"desk": "any", **fields}))

    assert says == (f"the ticket leaves out {left_out}" if left_out else "")


def test_a_model_or_a_gpu_has_a_figure_in_its_name() -> None:
    visit = "Can the 5 of us look at your showroom?"
    fields = {"desk": "sizing", "model": "your showroom", "gpu": "your showroom", "users": 5}

    assert as_said(visit, json.dumps(fields)).startswith("the request does not say model 'your showroom', gpu")


async def test_a_request_is_handed_on_with_one_model_call() -> None:
    model = ScriptedModel([use("track_order", order="O-00aa11")])

    result = await agent.replace(model=model).run("Where is O-00aa11?")

    assert json.loads(result.output) == {"desk": "delivery", "order": "O-00aa11"}
    assert len(model.requests) == 1


async def test_a_made_up_order_goes_to_the_larger_model() -> None:
    small = ScriptedModel([use("cancel_order", order="O-123456")], name="small")
    large = ScriptedModel([use("cancel_order", order="O-00aa11")], name="large")

    result = await agent.replace(model=small, escalate=large).run("Cancel O-00aa11, please.")

    assert json.loads(result.output)["order"] == "O-00aa11"


async def test_a_made_up_order_is_handed_on_by_nobody() -> None:
    made_up = use("cancel_order", order="O-123456")

    with pytest.raises(ModelReplyError, match="does not say order 'O-123456'"):
        await agent.replace(model=ScriptedModel([made_up, made_up, made_up])).run("Cancel it, please.")


def test_the_suite_is_printed_a_case_a_line() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "apps.frontdesk.requests", "held_out", "1"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    cases = [json.loads(line) for line in printed.splitlines()]
    assert all(case["expect"]["calls"][0]["name"] == case["tags"][0] for case in cases)
    assert all(bool(case.get("tools")) == (case["tags"] == [NEW_DESK.name]) for case in cases)
