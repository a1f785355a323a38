"""Money is whole minor units, and the tax in a bill is rounded once for each class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.storefront.shop import Money
from apps.storefront.shop.taxes import TaxClass, included, taxes
from tests.unit.apps.storefront.shop.shopping import euros

RATES: dict[TaxClass, int] = {"standard": 1900, "reduced": 700, "zero": 0}
AMOUNTS = st.lists(st.tuples(st.sampled_from(list(RATES)), st.integers(min_value=0, max_value=10**9)), max_size=20)


@pytest.mark.parametrize(
    ("written", "minor"),
    [("0.00 EUR", 0), ("0.05 EUR", 5), ("1,249.00 EUR", 124_900), ("1,000 JPY", 1000), ("1.250 KWD", 1250)],
)
def test_an_amount_is_read_as_it_is_written(written: str, minor: int) -> None:
    amount = Money.read(written)

    assert amount.minor == minor
    assert str(amount) == written


@pytest.mark.parametrize(
    "written", ["", "12", "12,34 EUR", "1.5 EUR", "-1.00 EUR", "1.00 eur", "1.0 JPY", "NaN EUR"]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        Money.read(written)


def test_amounts_of_two_currencies_are_not_added() -> None:
    with pytest.raises(ValueError, match="two currencies"):
        euros("1.00") + Money.read("1 JPY")


def test_an_amount_is_never_below_zero() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        euros("1.00") - euros("1.01")


@pytest.mark.parametrize(
    ("gross", "rate_bp", "tax"),
    [("119.00", 1900, "19.00"), ("0.01", 1900, "0.00"), ("0.03", 1900, "0.00"), ("0.04", 1900, "0.01"),
     ("1.07", 700, "0.07"), ("0.03", 10000, "0.02"), ("5.00", 0, "0.00")],
)  # fmt: skip
def test_the_tax_in_an_amount_is_rounded_to_the_nearest_cent_halves_up(gross: str, rate_bp: int, tax: str) -> None:
    assert included(euros(gross), rate_bp) == euros(tax)


def test_tax_is_rounded_once_for_a_class_and_not_line_by_line() -> None:
    lines: list[tuple[TaxClass, Money]] = [("standard", euros("0.03"))] * 3

    (tax,) = taxes(lines, RATES)

    assert (tax.gross, tax.tax) == (euros("0.09"), euros("0.01"))
    assert included(euros("0.03"), 1900) * 3 == euros("0.00")


@given(AMOUNTS)
def test_the_classes_of_a_bill_add_up_to_it_and_no_tax_is_off_by_more_than_half_a_cent(
    lines: list[tuple[TaxClass, int]],
) -> None:
    found = taxes([(name, Money(minor=minor, currency="EUR")) for name, minor in lines], RATES)

    assert sum(tax.gross.minor for tax in found) == sum(minor for _, minor in lines)
    for tax in found:
        exact_times_rate = tax.gross.minor * tax.rate_bp
        assert abs(tax.tax.minor * (10_000 + tax.rate_bp) - exact_times_rate) * 2 <= 10_000 + tax.rate_bp
