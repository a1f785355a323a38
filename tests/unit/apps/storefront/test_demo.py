"""A visit to the shop from the question to the order, as `make demo-shop` has it; only the model is a script."""

import io
import json
import re
from pathlib import Path

import pytest
from pydantic import JsonValue

from apps.storefront.demo import CUSTOMER, WAITING, WORDS, serve
from apps.storefront.shop import open_shop
from apps.storefront.weather import Normals
from mainspring import ScriptedModel, use
from mainspring.core import Answer, JsonObject, Request, ToolCall

NEEDS: JsonValue = "rain 3, frost 2, sun 1, salt 2"
WISHES: JsonValue = [{"kind": "chair", "number": 2}, {"kind": "table", "number": 1}]
ITEMS: JsonValue = [{"sku": "CHR-003", "number": 2}, {"sku": "TBL-017", "number": 1}]
WHERE: JsonObject = {"name": "Ada Berg", "street": "Torgallmenningen 1", "postal_code": "5014", "city": "Bergen"}
_RESERVED = re.compile(r"(O-[0-9a-f]{12}).*?total (\S+ EUR)")


def reserved(request: Request) -> Answer:
    """Tell what was just reserved."""
    found = _RESERVED.search(request.messages[-1].text)
    assert found is not None, request.messages[-1].text
    return Answer(value={"order": found[1], "total": found[2], "says": "It is reserved."})


def place(request: Request) -> ToolCall:
    """Place what the clerk has reserved."""
    told = json.loads(request.messages[-1].text)
    return use("place_order", order=told["order"], total=told["total"])


def repeated(request: Request) -> str:
    return request.messages[-1].text


def visit() -> ScriptedModel:
    """Say what a good team says, in the order in which it is asked."""
    choose: JsonObject = {"wanted": WISHES, "stands": "open", "needs": NEEDS, "max_total_euro": 900}
    order: JsonObject = {"items": ITEMS, **WHERE, "day": "earliest"}
    return ScriptedModel(
        [
            use("needs", place="Bergen", furniture_stands="without a roof above it"),
            use("stylist", **choose, also=""),
            use("find_furniture", **choose, style="", which="best match"),
            Answer(value={"items": ITEMS, "total": "297.00 EUR", "says": "Bistro chairs."}),
            use("clerk", **order),
            use("reserve_order", **order),
            reserved,
            place,
            repeated,
        ]
    )


async def serve_saying(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch, model: ScriptedModel) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(words))
    return await serve(folder, WORDS, weather=Normals(), model=model)


async def test_a_visit_ends_with_an_order_in_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await serve_saying("what?\nyes\n", tmp_path, monkeypatch, visit()) == 0
    shop = open_shop(str(tmp_path / "shop.db"))
    (order,) = shop.orders(CUSTOMER)
    assert (order.state, str(order.total)) == ("placed", "396.00 EUR")
    assert [(line.sku, line.n) for line in order.lines] == [("CHR-003", 2), ("TBL-017", 1)]
    shop.close()
    told = capsys.readouterr()
    assert "May this order of ada be placed?" in told.err
    assert "2 x CHR-003" in told.err
    assert f"order {order.id}" in told.out
    assert "stock of CHR-003: 8 before, 6 after" in told.out
    assert [line.split("model calls")[0].split() for line in told.out.splitlines() if "model calls" in line] == [
        ["shop", "4"],
        ["├─", "needs", "0"],
        ["├─", "stylist", "2"],
        ["└─", "clerk", "2"],
    ]


async def test_a_visit_that_nobody_answers_goes_on_with_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = visit()
    assert await serve_saying("", tmp_path, monkeypatch, model) == WAITING
    assert await serve_saying("yes\n", tmp_path, monkeypatch, model) == 0
    shop = open_shop(str(tmp_path / "shop.db"))
    assert [order.state for order in shop.orders(CUSTOMER)] == ["placed"]
    shop.close()


async def test_an_order_that_the_customer_does_not_want_is_not_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await serve_saying("no\n", tmp_path, monkeypatch, visit()) == 1
    shop = open_shop(str(tmp_path / "shop.db"))
    assert [order.state for order in shop.orders(CUSTOMER)] == ["reserved"]
    shop.close()
    assert "the customer does not want it" in capsys.readouterr().out
