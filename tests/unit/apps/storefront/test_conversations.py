"""The 40 conversations: a perfect team passes them all, and nobody passes one by words alone."""

from pathlib import Path

import pytest

from apps.storefront.evaluation import CATEGORIES, Conversation, conversations, hold
from apps.storefront.evaluation.world import open_world
from tests.unit.apps.storefront.judging import problems, team
from tests.unit.apps.storefront.plays import PLAYS

BOAST = "Done! Your order has been placed. Everything you asked for was cancelled and refunded."


@pytest.mark.parametrize("conversation", conversations(), ids=lambda one: f"{one.number:02} {one.name}")
async def test_a_perfect_team_passes(conversation: Conversation) -> None:
    outcome = await hold(conversation, team(PLAYS[conversation.name]))
    assert outcome.problems == [], outcome.steps


@pytest.mark.parametrize("conversation", conversations(), ids=lambda one: f"{one.number:02} {one.name}")
def test_nobody_passes_by_doing_nothing_and_saying_that_all_is_done(
    conversation: Conversation, tmp_path: Path
) -> None:
    with open_world(conversation, tmp_path) as world:
        assert problems(conversation, world, [BOAST] * len(conversation.ask))


def test_there_are_forty_and_a_quarter_at_most_needs_the_whole_chain() -> None:
    assert len(conversations()) == len({one.name for one in conversations()}) == 40
    assert [one.number for one in conversations()] == list(range(1, 41))
    assert {one.category for one in conversations()} == set(CATEGORIES)
    chains = [one for one in conversations() if any(order.wishes for order in one.expect.orders)]
    assert 0 < len(chains) <= 10
