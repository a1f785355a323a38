"""What every store of runs keeps true: events and rows. Leases and budgets have suites of their own."""

import asyncio
from collections import Counter
from typing import get_args

import pytest

from mainspring.core import Budget, Entry, Event
from mainspring.core.errors import (
    Conflict,
    EventVersionError,
    JournalError,
    UnknownRun,
)
from mainspring.core.events import CancelAsked, RunStarted
from mainspring.runs.journal import Append, Query, Status, Store
from mainspring.runs.ledger import DoesNotFit, Reserve
from mainspring.runs.stored import digest_of
from tests.contract.storing import (
    ANSWERED,
    ASKED,
    EVERY_KIND,
    Place,
    claim,
    more,
    new,
    returned,
)

STOP = CancelAsked(by="ada")


async def test_every_kind_of_event_is_read_as_it_was_written(store: Store) -> None:
    assert {type(event) for event in EVERY_KIND} == set(get_args(get_args(Event)[0]))
    await store.append(new("run_1", *EVERY_KIND))
    expected = [Entry(run="run_1", seq=seq, at=1.0, event=event) for seq, event in enumerate(EVERY_KIND)]
    assert await store.entries("run_1") == expected
    assert await store.entries("run_1", 20) == expected[20:]


async def test_events_are_read_in_the_order_they_were_written_with_their_own_times(store: Store) -> None:
    await store.append(new("run_1"))
    await store.append(more("run_1", 0, events=((5.25, STOP), (5.5, returned("a")))))
    await store.append(more("run_1", 2, STOP))
    assert [(entry.seq, entry.at) for entry in await store.entries("run_1")] == [(0, 5.25), (1, 5.5), (2, 2.0)]


async def test_a_run_that_is_not_there_has_no_events(store: Store) -> None:
    assert await store.entries("run_1") == []


async def test_twenty_megabytes_are_kept_whole(store: Store) -> None:
    text = "0123456789abcdef" * (20 * 2**16)
    content = bytes(range(256)) * 2**16
    await store.append(new("run_1", returned(text)))
    await store.append(more("run_1", 1, contents={digest_of(content): content}))
    (entry,) = await store.entries("run_1")
    assert entry.event == returned(text)
    assert await store.content(digest_of(content)) == content


async def test_content_that_nobody_kept_is_an_error(store: Store) -> None:
    with pytest.raises(JournalError, match="no content"):
        await store.content("0" * 64)


async def test_what_is_said_again_is_kept_once(place: Place) -> None:
    store = await place.open()
    started = next(event for event in EVERY_KIND if isinstance(event, RunStarted))
    await asyncio.gather(*(store.append(new(f"run_{n}", started, returned("x" * 5000))) for n in range(5)))
    assert place.execute("SELECT count(*) FROM {contents}") == [(3,)]  # of the messages, two are the same
    assert len(await store.entries("run_4")) == 2


async def test_another_number_of_events_is_a_conflict_and_nothing_is_written(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=5))
    await store.append(new("run_1", STOP, budgets=("team",)))
    for expected in (0, 2):
        with pytest.raises(Conflict, match="has 1 events"):
            await store.append(
                more(
                    "run_1",
                    expected,
                    STOP,
                    status="finished",
                    contents={digest_of(b"late"): b"late"},
                    reserve=(Reserve("key", {"tool_calls": 1}),),
                    limits={"other": Budget()},
                )
            )
    await _is_as_begun(store)


async def test_a_second_run_of_the_same_id_is_a_conflict(store: Store) -> None:
    await store.append(new("run_1", STOP))
    with pytest.raises(Conflict, match="there is a run 'run_1' already"):
        await store.append(new("run_1", returned("other"), agent="other"))
    assert [entry.event for entry in await store.entries("run_1")] == [STOP]
    assert [row.agent for row in await store.rows(Query())] == ["clerk"]


async def test_an_append_to_a_run_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(UnknownRun, match="'run_1'"):
        await store.append(more("run_1", 0, returned("x" * 5000)))
    assert await store.entries("run_1") == []
    with pytest.raises(JournalError):
        await store.content(digest_of(b"x" * 5000))


async def test_a_reservation_that_does_not_fit_leaves_nothing_behind(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=5))
    await store.append(new("run_1", STOP, budgets=("team",)))
    with pytest.raises(DoesNotFit):
        await store.append(
            more(
                "run_1",
                1,
                STOP,
                status="finished",
                contents={digest_of(b"late"): b"late"},
                reserve=(Reserve("one", {"tool_calls": 5}), Reserve("two", {"tool_calls": 1})),
                limits={"other": Budget()},
            )
        )
    await _is_as_begun(store)


async def test_of_two_that_write_at_the_same_place_one_wins(place: Place) -> None:
    one, two = await place.open(), await place.open()
    await one.append(new("run_1"))
    for seq in range(20):
        written = await asyncio.gather(
            *(store.append(more("run_1", seq, returned(text))) for store, text in ((one, "1"), (two, "2"))),
            return_exceptions=True,
        )
        assert Counter(map(type, written)) == {str: 1, Conflict: 1}
    assert [entry.seq for entry in await two.entries("run_1")] == list(range(20))


async def test_of_many_that_make_the_same_run_one_wins(place: Place) -> None:
    stores = [await place.open() for _ in range(4)]
    for number in range(5):
        made = await asyncio.gather(
            *(store.append(new(f"run_{number}", STOP)) for store in stores * 3), return_exceptions=True
        )
        assert Counter(map(type, made)) == {str: 1, Conflict: 11}
        assert len(await stores[0].entries(f"run_{number}")) == 1


async def test_what_is_refused_does_not_harm_what_is_written_at_the_same_time(store: Store) -> None:
    await store.allow("team", Budget(tool_calls=1))
    await asyncio.gather(*(store.append(new(f"run_{number}", budgets=("team",))) for number in range(4)))
    told = await asyncio.gather(
        store.append(more("run_0", 0, STOP)),
        store.append(more("run_1", 7, STOP)),
        store.append(more("missing", 0, STOP)),
        store.append(new("run_2", STOP)),
        store.append(more("run_2", 0, STOP, reserve=(Reserve("key", {"tool_calls": 2}),))),
        store.append(more("run_3", 0, STOP, status="finished")),
        return_exceptions=True,
    )
    assert [what if isinstance(what, str) else type(what) for what in told] == [
        *("pending", Conflict, UnknownRun, Conflict, DoesNotFit, "finished")
    ]
    assert [len(await store.entries(f"run_{number}")) for number in range(4)] == [1, 0, 0, 1]


async def test_what_cannot_be_stored_does_not_harm_what_is_written_at_the_same_time(store: Store) -> None:
    told = await asyncio.gather(
        store.append(new("run_0", STOP)),
        store.append(new("run_1", returned("\ud800"))),
        store.append(new("run_2", STOP, priority=2**70)),
        store.append(new("run_3", STOP)),
        return_exceptions=True,
    )
    assert [isinstance(what, Exception) for what in told] == [False, True, True, False]
    assert {row.id for row in await store.rows(Query())} == {"run_0", "run_3"}


async def test_several_writes_to_one_run_that_are_handed_in_at_once_are_done_in_order(store: Store) -> None:
    await store.append(new("run_1"))
    told = await asyncio.gather(
        *(store.append(more("run_1", seq, returned(str(seq)))) for seq in range(9)),
        store.append(more("run_1", 9, status="waiting", due_at=50.0)),
        store.append(more("run_1", 9, STOP, wake="run_1")),
    )
    assert told == [*["pending"] * 9, "waiting", "pending"]
    assert [entry.event for entry in await store.entries("run_1")] == [
        *(returned(str(seq)) for seq in range(9)),
        STOP,
    ]
    (row,) = await store.rows(Query())
    assert (row.status, row.n_events, row.due_at) == ("pending", 10, None)


async def test_a_row_tells_what_a_run_began_with_and_what_became_of_it(store: Store) -> None:
    await store.append(new("run_1", STOP, parent="run_0", priority=3, due_at=9.5, budgets=("b", "a")))
    (row,) = await store.rows(Query())
    assert (row.id, row.agent, row.status, row.n_events, row.created_at, row.updated_at) == (
        *("run_1", "clerk", "pending", 1, 1.0, 1.0),
    )
    assert (row.parent, row.priority, row.due_at, row.budgets) == ("run_0", 3, 9.5, ("b", "a"))
    await store.append(more("run_1", 1, STOP, status="finished"))
    (row,) = await store.rows(Query())
    assert (row.status, row.n_events, row.created_at, row.updated_at, row.due_at) == ("finished", 2, 1.0, 2.0, None)
    assert row.has_ended


async def test_rows_are_found_by_everything_that_is_asked_for(store: Store) -> None:
    statuses: tuple[Status, ...] = ("pending", "waiting", "finished", "failed")
    for number, status in enumerate(statuses):
        made = new(f"run_{number}", agent="even" if number % 2 == 0 else "odd", parent=f"run_{number - 1}")
        await store.append(Append(run=made.run, expected=0, at=float(number), create=made.create, status=status))

    async def found(query: Query) -> list[str]:
        return [row.id for row in await store.rows(query)]

    assert await found(Query()) == ["run_3", "run_2", "run_1", "run_0"]
    assert await found(Query(limit=2)) == ["run_3", "run_2"]
    assert await found(Query(ids=["run_0", "run_2", "missing"])) == ["run_2", "run_0"]
    assert await found(Query(ids=[])) == []
    assert await found(Query(agents={"odd"})) == ["run_3", "run_1"]
    assert await found(Query(agents={"odd", "even"}, statuses=("failed", "pending"))) == ["run_3", "run_0"]
    assert await found(Query(parent="run_1")) == ["run_2"]
    assert await found(Query(before=2.0)) == ["run_1", "run_0"]
    assert await found(Query(before=2.0, agents=["even"])) == ["run_0"]


async def test_rows_made_at_the_same_time_have_an_order(store: Store) -> None:
    await asyncio.gather(*(store.append(new(run)) for run in ("b", "Z", "a", "_")))
    assert [row.id for row in await store.rows(Query())] == ["b", "a", "_", "Z"]


async def test_questions_and_answers_are_given_of_runs_that_have_not_ended(store: Store) -> None:
    await store.append(new("run_2", STOP, ASKED))
    await store.append(new("run_1", ASKED, STOP, ANSWERED))
    await store.append(new("run_3", ASKED))
    await store.append(more("run_3", 1, status="cancelled"))
    assert [(entry.run, entry.seq, entry.event) for entry in await store.asked()] == [
        ("run_1", 0, ASKED),
        ("run_1", 2, ANSWERED),
        ("run_2", 1, ASKED),
    ]


async def test_a_reply_that_is_stored_first_stays(store: Store) -> None:
    assert await store.response("digest") is None
    await store.store_response("digest", b"\x00first", 1.0)
    await store.store_response("digest", b"second", 2.0)
    assert await store.response("digest") == b"\x00first"


async def test_two_stores_on_one_database_see_each_others_writes(place: Place) -> None:
    one, two = await place.open(), await place.open()
    await one.append(new("run_1", returned("x" * 5000)))
    assert [entry.event for entry in await two.entries("run_1")] == [returned("x" * 5000)]
    await two.append(more("run_1", 1, STOP, status="waiting", due_at=9.0))
    (row,) = await one.rows(Query())
    assert (row.status, row.n_events, row.due_at) == ("waiting", 2, 9.0)
    assert await claim(one, "run_1", "driver", now=9.0) == 3
    assert await claim(two, "run_1", "other", now=9.0) is None


async def test_what_was_written_is_there_when_the_store_is_opened_again(place: Place) -> None:
    first = await place.open()
    await first.append(new("run_1", *EVERY_KIND))
    await first.close()
    second = await place.open()
    assert [entry.event for entry in await second.entries("run_1")] == list(EVERY_KIND)
    await second.append(more("run_1", len(EVERY_KIND), STOP))


async def test_what_was_handed_in_before_closing_is_written(place: Place) -> None:
    first = await place.open()
    written = [asyncio.ensure_future(first.append(new(f"run_{number}", STOP))) for number in range(20)]
    await asyncio.sleep(0)
    await first.close()
    assert await asyncio.gather(*written) == ["pending"] * 20
    with pytest.raises(JournalError, match="is closed"):
        await first.append(new("run_late"))
    assert len(await (await place.open()).rows(Query())) == 20


async def test_a_database_that_a_newer_version_wrote_is_refused(place: Place) -> None:
    await (await place.open()).close()
    place.execute(place.mark_newer)
    with pytest.raises(JournalError, match="newer Mainspring"):
        await place.open()


async def test_an_event_that_a_newer_version_wrote_is_refused_on_reading(place: Place) -> None:
    store = await place.open()
    await store.append(new("run_1", STOP))
    place.execute(
        "INSERT INTO {events} (run, seq, at, type, body) VALUES ('run_1', 1, 1.0, 'cancel_asked', "
        '\'{{"type": "cancel_asked", "version": 99, "by": "ada"}}\')'
    )
    with pytest.raises(EventVersionError, match="version 99"):
        await store.entries("run_1")
    with pytest.raises(EventVersionError):
        await store.entries("run_1", 1)


async def _is_as_begun(store: Store) -> None:
    """Check that a refused append has left no trace."""
    (row,) = await store.rows(Query())
    assert (row.status, row.n_events, row.updated_at) == ("pending", 1, 1.0)
    assert [entry.event for entry in await store.entries("run_1")] == [STOP]
    assert set(await store.balances(["team", "other"])) == {"team"}
    assert (await store.balances(["team"]))["team"].left("tool_calls") == 5
    with pytest.raises(JournalError):
        await store.content(digest_of(b"late"))
