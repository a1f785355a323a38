"""A visit to the shop from the question to the order, as `make demo-shop` has it; only the model is a script."""

import io
from pathlib import Path

import pytest

from apps.storefront.demo import CUSTOMER, WAITING, WORDS, serve
from apps.storefront.shop import open_shop
from apps.storefront.weather import Normals
from tests.unit.apps.storefront.cast import Cast, orders, wants


def visit() -> Cast:
    """Play a team that does well."""
    wanted = wants("Bergen, no roof", 900, chair=2, table=1)
    return Cast({"sales": [orders(wanted, "Ada Berg, Torgallmenningen 1, 5014 Bergen")]})


async def serve_saying(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch, model: Cast) -> int:
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
        ["shop", "0"],
        ["└─", "sales", "1"],
        ["└─", "clerk", "0"],
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
