from decimal import Decimal

import pytest
from pydantic import ValidationError

from mainspring import Usage
from mainspring.models.prices import FREE, Rates, published

USAGE = Usage(input_tokens=1_000_000, output_tokens=500_000, cached_tokens=400_000, model_calls=1)


def test_rates_are_per_million_tokens_and_exact() -> None:
    rates = Rates(input=Decimal("0.1"), output=Decimal("0.2"), cached_input=Decimal("0.03"))
    assert rates(USAGE) == Decimal("0.06") + Decimal("0.012") + Decimal("0.1")
    assert rates(Usage(input_tokens=1)) == Decimal("0.0000001")


def test_free_is_zero_not_unknown() -> None:
    assert FREE(USAGE) == 0


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValidationError):
        Rates(input=Decimal(-1), output=Decimal(0))


def test_a_published_price_grows_with_what_is_used_and_less_with_what_was_cached() -> None:
    price = published("openai", "gpt-4o")
    whole, cached = (
        price(Usage(input_tokens=1_000_000)),
        price(Usage(input_tokens=1_000_000, cached_tokens=1_000_000)),
    )
    written = price(Usage(input_tokens=1_000_000, output_tokens=1_000_000))
    assert whole is not None
    assert cached is not None
    assert written is not None
    assert 0 < cached < whole < written
    assert price(Usage(input_tokens=2_000_000)) == 2 * whole


@pytest.mark.parametrize(("provider", "model"), [("openai", "no-such-model"), ("no-such-provider", "gpt-4o")])
def test_what_no_list_knows_has_an_unknown_price(provider: str, model: str) -> None:
    assert published(provider, model)(USAGE) is None
