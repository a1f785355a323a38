"""Words for a time, and the day that is meant by them."""

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.storefront.weather import NoSuchDay
from apps.storefront.weather.when import MONTHS, read_day, typical_day

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("tomorrow", date(2026, 11, 26)),
        ("the day after tomorrow", date(2026, 11, 27)),
        ("in 3 days", date(2026, 11, 28)),
        ("Saturday", date(2026, 11, 28)),
        ("on Saturday", date(2026, 11, 28)),
        ("next wednesday", date(2026, 12, 2)),
        ("2026-11-30", date(2026, 11, 30)),
        ("30 November", date(2026, 11, 30)),
        ("November 30th, 2026", date(2026, 11, 30)),
        ("3rd of March", date(2027, 3, 3)),
        ("1 May 2028", date(2028, 5, 1)),
    ],
)
def test_words_for_a_day_are_read(words: str, day: date) -> None:
    assert read_day(words, TODAY) == day


@pytest.mark.parametrize(
    "words", ["", "soon", "30 Febuary", "29 February 2027", "nov 31", "2026-13-01", "marchingly"]
)
def test_words_that_are_no_day_are_refused_with_examples(words: str) -> None:
    with pytest.raises(NoSuchDay, match="a date like 2026-11-25, or a month like November"):
        read_day(words, TODAY)


@given(st.integers(1, 12), st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_a_month_alone_is_beyond_any_forecast_and_within_a_year_or_so(month: int, today: date) -> None:
    day = typical_day(month, today)
    assert day.month == month
    assert 30 < (day - today).days < 400
    assert read_day(MONTHS[month - 1], today) == day


@given(st.text(max_size=30))
def test_any_words_are_a_day_or_refused(words: str) -> None:
    with contextlib.suppress(NoSuchDay):
        assert isinstance(read_day(words, TODAY), date)
