"""When hours, days and months begin."""

import math
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from mainspring.core import Budget, FakeClock
from mainspring.core.errors import BudgetError
from mainspring.runs.windows import Window, start_of
from tests.unit.runs.making import WORDS, agent, opened


def moment(*parts: int) -> float:
    """Give a moment of UTC in seconds since the Unix epoch."""
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]  # year, month, day, ...


@pytest.mark.parametrize("year", [1969, 1970, 1999, 2000, 2023, 2024, 2100])
def test_each_month_lasts_from_its_first_moment_to_the_last_before_the_next(year: int) -> None:
    firsts = [*(moment(year, month, 1) for month in range(1, 13)), moment(year + 1, 1, 1)]
    for begins, ends in pairwise(firsts):
        last = math.nextafter(ends, -math.inf)
        assert {start_of("month", at) for at in (begins, (begins + ends) / 2, last)} == {begins}
        assert start_of("month", ends) == ends


@pytest.mark.parametrize(
    ("window", "begins", "ends"),
    [
        ("hour", (2024, 2, 29, 23), (2024, 3, 1)),
        ("hour", (2023, 12, 31, 23), (2024, 1, 1)),
        ("day", (2024, 2, 29), (2024, 3, 1)),
        ("day", (2023, 2, 28), (2023, 3, 1)),
        ("day", (2023, 12, 31), (2024, 1, 1)),
        ("day", (2024, 3, 31), (2024, 4, 1)),
    ],
)
def test_hours_and_days_begin_by_the_clock_of_utc(
    window: Window, begins: tuple[int, ...], ends: tuple[int, ...]
) -> None:
    first, second = moment(*begins), moment(*ends)
    assert {start_of(window, at) for at in (first, math.nextafter(second, -math.inf))} == {first}
    assert start_of(window, second) == second


@pytest.mark.parametrize(
    ("window", "begins"), [("hour", (2024, 2, 29, 15)), ("day", (2024, 3, 1)), ("month", (2024, 3, 1))]
)
async def test_a_run_is_refused_until_the_next_window_begins(window: Window, begins: tuple[int, ...]) -> None:
    clock, worker = FakeClock(moment(2024, 2, 29, 14, 30)), agent(["done"])
    async with opened(clock=clock) as runs:
        await runs.share_budget("team", Budget(model_calls=1), window=window)
        await (await runs.start(worker, WORDS, charge=["team"])).result()
        clock.advance(moment(*begins) - clock.now() - 1)
        with pytest.raises(BudgetError, match="'team' has 0 model calls left"):
            await (await runs.start(worker, WORDS, charge=["team"])).result()
        clock.advance(1.0)
        assert (await runs.balance("team")).left("model_calls") == 1
        assert (await (await runs.start(worker, WORDS, charge=["team"])).result()).output == "done"
