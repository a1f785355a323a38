"""Shops for tests: a small one whose every number is known, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from apps.storefront.shop.payments import PracticePayments
from mainspring.core import FakeClock
from tests.unit.apps.storefront.shop.shopping import NOON, Counter, open_counter

OpenCounter = Callable[[], Counter]


@pytest.fixture(params=["sqlite", "postgres"])
def shop_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a database that is empty."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return f"sqlite:///{tmp_path / 'shop.db'}"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """Give a shop on SQLite, with its clock and its payment provider."""
    with open_counter(f"sqlite:///{tmp_path / 'shop.db'}", FakeClock(NOON), PracticePayments()) as opened:
        yield opened


@pytest.fixture
def either(shop_url: str) -> Iterator[Counter]:
    """Give a shop on each database, with its clock and its payment provider."""
    with ExitStack() as stack:
        yield stack.enter_context(open_counter(shop_url, FakeClock(NOON), PracticePayments()))
