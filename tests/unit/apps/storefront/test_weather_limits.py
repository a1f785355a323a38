"""No window of a limit ever sees more requests than the provider allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.storefront.weather import FREE, LimitReached
from apps.storefront.weather.limits import Allowance, Limit
from mainspring.core import FakeClock

LIMITS = (Limit(10, 60.0), Limit(40, 3600.0))


@given(st.lists(st.floats(min_value=0, max_value=90, allow_nan=False), min_size=1, max_size=300))
def test_no_window_sees_more_requests_than_its_limit(pauses: list[float]) -> None:
    clock, made = FakeClock(), []
    allowance = Allowance(LIMITS, clock)
    for pause_s in pauses:
        clock.advance(pause_s)
        try:
            allowance.take()
        except LimitReached:
            continue
        made.append(clock.now())
    for limit in LIMITS:
        for end_s in made:
            assert sum(end_s - limit.window_s < at_s <= end_s for at_s in made) <= limit.n_requests


def test_who_waits_as_long_as_is_said_may_ask() -> None:
    clock = FakeClock()
    allowance = Allowance(LIMITS, clock)
    for _ in range(4):
        allowance.take()
    with pytest.raises(LimitReached) as caught:
        allowance.take()
    clock.advance(caught.value.retry_after_s)
    allowance.take()


def test_a_day_of_the_free_service_cannot_be_used_up() -> None:
    clock, n_made = FakeClock(), 0
    allowance = Allowance(FREE.limits, clock)
    for _ in range(86_400):
        clock.advance(1)
        try:
            allowance.take()
        except LimitReached:
            continue
        n_made += 1
    assert 5_000 < n_made < 10_000
