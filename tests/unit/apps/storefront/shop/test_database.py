"""The tables: made from nothing, the same as the code thinks, and refused where a newer shop made them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from apps.storefront.shop import open_shop
from apps.storefront.shop.database import open_database
from apps.storefront.shop.errors import NewerDatabase, ShopUnavailable
from apps.storefront.shop.schema import tables
from mainspring.core.errors import ConfigError
from tests.unit.apps.storefront.shop.shopping import CHAIR, two_pieces


def test_migrations_make_the_tables_that_the_code_is_written_against(shop_url: str) -> None:
    database = open_database(shop_url)
    with database.read() as db:
        differences = [
            difference
            for difference in compare_metadata(MigrationContext.configure(db), tables)
            if "pieces_words" not in str(difference) and "pieces_by_words" not in str(difference)
        ]
    database.close()

    assert differences == []


def test_a_shop_is_what_it_was_when_it_is_opened_again(shop_url: str) -> None:
    first = open_shop(shop_url, pieces=two_pieces())
    first.office.restock(CHAIR, 1, key="a")
    first.close()

    again = open_shop(shop_url, pieces=[])

    assert again.piece(CHAIR).stock == 6
    again.close()


def test_a_shop_opened_by_many_at_once_is_made_once(shop_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        shops = list(threads.map(lambda _: open_shop(shop_url, pieces=two_pieces()), range(4)))

    assert [shop.piece(CHAIR).stock for shop in shops] == [5, 5, 5, 5]
    for shop in shops:
        shop.close()


def test_a_database_of_a_newer_shop_is_refused_in_words(shop_url: str) -> None:
    database = open_database(shop_url)
    with database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(
        NewerDatabase, match="has tables of version '9999', and this version of the shop knows 0001"
    ):
        open_shop(shop_url)


@pytest.mark.parametrize("url", ["sqlite://", ":memory:", "sqlite:///:memory:", "mysql://host/shop"])
def test_a_shop_is_not_kept_where_it_would_be_lost(url: str) -> None:
    with pytest.raises(ConfigError, match="a shop cannot be kept in"):
        open_shop(url)


def test_a_database_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ShopUnavailable, match="did not answer"):
        open_shop(f"sqlite:///{tmp_path / 'none' / 'shop.db'}")


def test_the_database_itself_refuses_what_must_never_be(shop_url: str) -> None:
    shop = open_shop(shop_url, pieces=two_pieces())
    database = open_database(shop_url)
    for wrong in (
        "UPDATE stock SET on_hand = -1",
        "UPDATE stock SET held = -1",
        "INSERT INTO slots (id, capacity, booked) VALUES ('a', 1, 2)",
        "INSERT INTO cart_lines (customer, sku, n, seen_price) VALUES ('nobody', 'CHR-1', 1, 1)",
    ):
        with pytest.raises(Exception, match=r"(?i)constraint"), database.write() as db:
            db.execute(text(wrong))
    database.close()
    shop.close()
