"""A shop in which something has happened already."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.storefront.evaluation import Conversation
from apps.storefront.evaluation.conversation import Before, Earlier, Expect
from apps.storefront.evaluation.world import World, open_world

BEFORE = Before(
    orders={
        "lamp": Earlier(pieces={"LMP-012": 1}),
        "chairs": Earlier(pieces={"CHR-001": 4}, state="delivered", days_ago=9),
        "theirs": Earlier(pieces={"LMP-003": 2}, customer="bo"),
    }
)
SCENE = Conversation(number=1, category="turns", name="scene", ask=("?",), before=BEFORE, expect=Expect())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a shop with an order of a lamp, one of chairs that have arrived, and one of somebody else."""
    with open_world(SCENE, tmp_path) as opened:
        yield opened
