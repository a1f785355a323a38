"""Shares: what members weigh, so that a pool gives just that part of its calls to one of them."""

from collections import Counter

import pytest

from mainspring.core.errors import ConfigError
from mainspring.promotion.shares import Weighed, share_of, shared
from tests.unit.models.pool.playing import Player, in_turn, pool_of, virtually

SHARES = [0.01, 0.1, 0.25, 0.5, 0.75, 1.0]
POOLS = {
    "one": (Weighed("a"),),
    "two": (Weighed("a"), Weighed("b")),
    "uneven": (Weighed("a", weight=2.0), Weighed("b", weight=0.5)),
    "processes": (Weighed("a", replicas=3),),
    "a dear one behind": (Weighed("a"), Weighed("dear", tier=2)),
    "one that is out": (Weighed("a"), Weighed("out", weight=0.0)),
}
CANARY = Weighed("canary", weight=0.0)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
@virtually
async def test_a_pool_gives_a_member_just_its_share(share: float, pool: tuple[Weighed, ...]) -> None:
    members = shared((*pool, CANARY), "canary", share)
    playing = [
        Player(f"{one.name}#{number}", tier=one.tier, weight=one.weight)
        for one in members
        for number in range(one.replicas)
    ]
    n_calls = 400
    names = Counter(name.partition("#")[0] for name in await in_turn(pool_of(*playing), n_calls))
    assert abs(names["canary"] - share * n_calls) <= 2
    assert share_of(members, "canary") == pytest.approx(share, abs=0.001)


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_a_pool_is_gone_back_to_from_every_share(pool: tuple[Weighed, ...]) -> None:
    members: tuple[Weighed, ...] = (*pool, CANARY)
    for share in SHARES:
        members = shared(members, "canary", share)
        assert shared(members, "canary", share) == members
    heaviest = max(one.weight for one in pool)
    for one, before in zip(shared(members, "canary", 0), (*pool, CANARY), strict=True):
        assert one.tier == before.tier
        assert one.weight * heaviest == pytest.approx(before.weight)


def test_with_everything_the_others_stay_behind_it_for_when_it_fails() -> None:
    present, dear, canary = shared((Weighed("a"), Weighed("dear", tier=2), CANARY), "canary", 1)
    assert (canary.tier, present.tier, dear.tier) == (1, 2, 3)
    assert present.weight == 1.0


def test_a_share_of_nobody_and_one_that_is_none_are_refused() -> None:
    with pytest.raises(ConfigError, match="no others with a weight"):
        shared((Weighed("out", weight=0.0), CANARY), "canary", 0.1)
    with pytest.raises(ConfigError, match="between 0 and 100 %"):
        shared((Weighed("a"), CANARY), "canary", 1.5)
