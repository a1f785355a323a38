"""Sessions: a conversation stays with its member, for its prefix cache, as long as that is wise."""

import asyncio

import pytest

from mainspring.core.errors import ModelUnavailable
from mainspring.models.pool.affinity import Affinity
from tests.unit.models.asking import request
from tests.unit.models.pool.playing import BROKEN, Player, asked, now, pool_of, shown, virtually
from tests.unit.models.pool.serving import pooled
from tests.unit.models.wire import Serve, answer, completion


@virtually
async def test_a_session_stays_with_its_member_and_others_go_where_they_like() -> None:
    pool = pool_of(*(Player(str(n)) for n in range(4)))
    homes = {session: await asked(pool, session) for session in "abcd"}
    assert sorted(homes.values()) == ["0", "1", "2", "3"]
    for session in "dacbbacd" * 3:
        assert await asked(pool, session) == homes[session]


@virtually
async def test_calls_of_no_session_have_no_member_of_their_own() -> None:
    pool = pool_of(Player("one"), Player("other"))
    assert {await asked(pool) for _ in range(4)} == {"one", "other"}


@pytest.mark.parametrize(("n_under_way", "home"), [(1, "one"), (3, "other")], ids=["busy", "far busier"])
@virtually
async def test_a_session_leaves_its_member_only_where_that_is_far_busier(n_under_way: int, home: str) -> None:
    pool = pool_of(Player("one"), Player("other"))
    assert [await asked(pool, "mine"), await asked(pool, "yours")] == ["one", "other"]
    busy = [asyncio.ensure_future(asked(pool, "mine")) for _ in range(1)]
    await asyncio.sleep(0)
    pool.members[0].in_flight += n_under_way - 1
    assert await asked(pool, "mine") == home
    pool.members[0].in_flight -= n_under_way - 1
    assert await asyncio.gather(*busy) == ["one"]


@virtually
async def test_one_session_that_moves_leaves_the_others_where_they_are() -> None:
    pool = pool_of(Player("one", concurrency=1), Player("other"))
    await asyncio.gather(asked(pool, "mine"), asked(pool, "yours"))
    assert await asyncio.gather(*(asked(pool, "mine") for _ in range(2))) == ["one", "other"]
    assert [await asked(pool, "yours") for _ in range(3)] == ["other"] * 3


@virtually
async def test_a_session_moves_for_good_when_its_member_fails_it() -> None:
    pool = pool_of(Player("one", script=[1.0, BROKEN]), Player("other"))
    assert [await asked(pool, "mine") for _ in range(5)] == ["one", "other", "other", "other", "other"]
    assert now() == 5


@virtually
async def test_a_session_does_not_go_back_to_a_member_at_which_its_last_call_failed() -> None:
    pool = pool_of(Player("one", script=[1.0, BROKEN]), Player("other"), attempts=1)
    assert await asked(pool, "mine") == "one"
    with pytest.raises(ModelUnavailable):
        await asked(pool, "mine")
    assert await asked(pool, "mine") == "other"


@virtually
async def test_a_session_does_not_wait_for_a_member_that_rests_or_is_ejected() -> None:
    pool = pool_of(Player("one"), Player("other"))
    assert await asked(pool, "mine") == "one"
    pool.members[0].health.eject(now(), "gone", for_s=600)
    assert await asked(pool, "mine") == "other"
    pool.members[1].health.rest(now(), 5, "slow down")
    pool.members[0].health.returned(now())
    assert await asked(pool, "mine") == "one"


@virtually
async def test_sessions_may_be_left_out_of_account() -> None:
    pool = pool_of(Player("one"), Player("other"), affinity=False)
    assert {await asked(pool, "mine") for _ in range(4)} == {"one", "other"}


def test_the_sessions_that_are_remembered_are_bounded_and_the_oldest_go_first() -> None:
    affinity = Affinity()
    affinity.keep("used all the time", "one")
    for number in range(10_001):
        affinity.keep(f"session {number}", "one")
        assert affinity.get("used all the time") == "one"
        affinity.keep("used all the time", "one")
    assert len(affinity) == 10_000
    assert affinity.get("session 0") is None
    assert affinity.get("session 10000") == "one"
    assert affinity.get("") is None


async def test_what_the_prefix_cache_saved_is_counted(serve: Serve) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 900}}
    home = await serve(*[answer(completion("hi", usage=usage))] * 2)
    model = pooled(home, await serve())
    for _ in range(2):
        assert (await model.ask(request(session="mine"))).usage.cached_tokens == 900
    status = shown(model.pool)["a"]
    assert (status.input_tokens, status.cached_tokens, status.output_tokens) == (2000, 1800, 20)
