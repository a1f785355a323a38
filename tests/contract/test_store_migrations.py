"""A database that an earlier version made is brought up to date, and keeps what is in it."""

from mainspring.core import Budget
from mainspring.core.events import CancelAsked
from mainspring.runs.journal import Query
from mainspring.runs.ledger import Balance, Reserve, Settle
from tests.contract.storing import Place, more

DAY_S = 86_400


async def test_a_database_of_the_first_version_keeps_its_runs_and_its_balances(place: Place) -> None:
    _make_first(place)
    store = await place.open()
    assert await store.balances(["team", "once"]) == {
        "team": Balance(
            "team", Budget(tool_calls=9), {"tool_calls": 4}, {"tool_calls": 2}, window="day", since=19_000 * DAY_S
        ),
        "once": Balance("once", Budget(tool_calls=8), {"tool_calls": 7}),
    }
    assert [row.id for row in await store.rows(Query())] == ["run_1"]


async def test_a_run_of_the_first_version_settles_what_it_held_and_goes_on(place: Place) -> None:
    _make_first(place)
    store = await place.open()
    today = 19_000.5 * DAY_S
    settled = more("run_1", 0, CancelAsked(by="ada"), settle=(Settle("call", {"tool_calls": 1}),), at=today)
    await store.append(settled)
    await store.hold("gate", ["team"], Reserve("request", {"tool_calls": 4}), now=today, until=today + 60)
    team = (await store.balances(["team"]))["team"]
    assert (team.spent["tool_calls"], team.reserved["tool_calls"]) == (5, 4)


async def test_a_database_is_brought_up_to_date_once(place: Place) -> None:
    _make_first(place)
    first = await place.open()
    team = await first.balances(["team"])
    second = await place.open()
    assert await second.balances(["team"]) == team


def _make_first(place: Place) -> None:
    """Make a database as the first version would: a run that holds something back, a daily budget and another."""
    for sql in place.mark_first:
        place.execute(sql)
    place.execute(
        "INSERT INTO {runs} (id, agent, status, n_events, created_at, updated_at, budgets) "
        "VALUES ('run_1', 'clerk', 'pending', 0, 1.0, 1.0, '[\"team\"]')"
    )
    place.execute("INSERT INTO {reservations} (run, key, amounts) VALUES ('run_1', 'call', '{{\"tool_calls\":2}}')")
    for name, limit, spent, reserved, rest in (
        ("team", 9, 4, '{{"tool_calls":2}}', "'1', 19000"),
        ("once", 8, 7, "{{}}", "'0', 0"),
    ):
        place.execute(
            f"INSERT INTO {{budgets}} (id, limits, spent, reserved, daily, day) VALUES ('{name}', "  # noqa: S608 - a test's own words
            f"'{{{{\"tool_calls\":{limit}}}}}', '{{{{\"tool_calls\":{spent}}}}}', '{reserved}', {rest})"
        )
