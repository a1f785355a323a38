"""A worker is killed at every moment there is, and started again: nothing is lost, nothing is done twice."""

import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from mainspring.runs import Runs
from tests.e2e.crash.nursery import Nursery
from tests.e2e.crash.scene import Story, play_all

pytestmark = pytest.mark.timeout(600)

N_TIMES = 12
Play = Callable[..., Awaitable[list[Story]]]
MOMENTS = [
    *(f"{when} {write}" for write in ("append", "claim") for when in ("before", "during", "after")),
    "effect",
    "reply",
]


@pytest.fixture
def play(onlooker: Runs, store_url: str, tmp_path: Path, nurseries: list[Nursery]) -> Play:
    """Play scenes, each of them killed in its way."""
    return partial(play_all, onlooker, store_url, tmp_path, nurseries)


@pytest.mark.parametrize("point", MOMENTS)
async def test_a_run_killed_at_any_moment_ends_as_if_it_had_not_been(point: str, play: Play) -> None:
    (smooth,) = await play(())
    assert smooth.wrongs(smooth) == []
    kills = [((point, number),) for number in range(1, smooth.moments[point] + 1)]
    stories = await play(*kills)
    assert {
        kill: wrongs for kill, story in zip(kills, stories, strict=True) if (wrongs := story.wrongs(smooth))
    } == {}
    assert sum(len(story.pasts) for story in stories) >= len(kills) - 1  # two writes may once have been one


async def test_a_run_killed_while_it_recovers_ends_as_if_it_had_not_been(play: Play) -> None:
    (smooth,) = await play(())
    chance = random.Random(0)  # noqa: S311 - the same each time
    kills = [
        tuple((point, chance.randint(1, smooth.moments[point])) for point in chance.choices(MOMENTS, k=3))
        for _ in range(N_TIMES)
    ]
    stories = await play(*kills)
    assert {
        kill: wrongs for kill, story in zip(kills, stories, strict=True) if (wrongs := story.wrongs(smooth))
    } == {}
