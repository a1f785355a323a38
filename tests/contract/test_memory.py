"""What every store of notes keeps true."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mainspring.core import USER, FakeClock, Label, Rng, SeededRng
from mainspring.core.errors import MemoryStoreError, ModelUnavailable
from mainspring.memory import (
    Embedder,
    Filter,
    MemoryStore,
    NewNote,
    Note,
    Ranker,
    Scope,
    ScriptedEmbedder,
    Vector,
    open_memory,
)
from tests.contract.storing import postgres_execute, sqlite_execute

ADA = Scope(agent="clerk", user="ada")
BOB = Scope(agent="clerk", user="bob")
DAY_S = 86_400.0
PAGE = Label(integrity="untrusted", confidentiality="public", sources=("tool:fetch",))

Open = Callable[..., Awaitable[MemoryStore]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_000_000.0)


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be opened, and for all but one opened again."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return ":memory:" if request.param == "memory" else str(tmp_path / "memory.db")


@pytest.fixture
async def opened(url: str, clock: FakeClock) -> AsyncIterator[Open]:
    """Open stores on one database; they are closed in the end."""
    async with AsyncExitStack() as stack:

        async def open_it(
            *, rankers: Sequence[Ranker] = (), embedder: Embedder | None = None, rng: Rng | None = None
        ) -> MemoryStore:
            store = open_memory(url, rankers=rankers, embedder=embedder, clock=clock, rng=rng or SeededRng())
            return await stack.enter_async_context(store)

        yield open_it


@pytest.fixture
async def store(opened: Open) -> MemoryStore:
    return await opened()


def say(text: str, scope: Scope = ADA, **what: object) -> NewNote:
    return NewNote(text=text, scope=scope, **{"label": USER, **what})  # type: ignore[arg-type]  # a test's own words


async def texts(store: MemoryStore, query: str, scopes: Collection[Scope] = (ADA,), limit: int = 5) -> list[str]:
    return [found.note.text for found in await store.search(query, scopes, limit)]


async def everything(store: MemoryStore, *scopes: Scope) -> list[Note]:
    return await store.find(Filter(scopes=scopes or (ADA,), limit=None))


async def test_a_note_comes_back_as_it_was_said(store: MemoryStore, clock: FakeClock) -> None:
    label = Label(integrity="untrusted", confidentiality="secret", sources=("tool:mail", "user"))
    new = say("Ada's order is № 17", kind="episode", label=label, source="run_1", pinned=True, expires_at=2e6)
    note = await store.add(new)
    assert (note.text, note.scope, note.kind, note.label) == ("Ada's order is № 17", ADA, "episode", label)
    assert (note.source, note.pinned, note.expires_at) == ("run_1", True, 2e6)
    assert note.created_at == note.updated_at == clock.now()
    assert await everything(store) == [note]
    assert [found.note for found in await store.search("order 17", [ADA])] == [note]


async def test_ids_are_short_enough_for_a_small_model(store: MemoryStore) -> None:
    notes = [await store.add(say(f"note {number}")) for number in range(20)]
    assert {len(note.id) for note in notes} == {6}
    assert len({note.id for note in notes}) == 20


async def test_an_id_that_is_taken_is_not_given_twice(opened: Open) -> None:
    class Stuck:
        def token(self, n_bytes: int) -> str:
            return "ab" * n_bytes

    store = await opened(rng=Stuck())
    assert [(await store.add(say(f"note {number}"))).id for number in range(3)] == [
        "ababab",
        "abababab",
        "ababababab",
    ]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Ada likes teak chairs.", "a chair"),
        ("The invoice was paid twice", "INVOICES?"),
        ("Der Gartenstuhl ist aus Eiche", "garten"),
        ("They met in a café in Málaga", "cafe malaga"),
        ("They met in a cafe", "CAFÉ"),
        ("Ada mag Straßenmusik", "STRASSENMUSIK"),
        ("彼女はコーヒーが好き", "コーヒー"),
        ("Ada takes sugar_free syrup", "sugar-free"),
        ("The key of server e5 is under C:\\keys/e5", "keys e5"),
        ("She asked who we are", "who are we"),
    ],
)
async def test_a_note_is_found_by_other_forms_of_its_words(store: MemoryStore, text: str, query: str) -> None:
    await store.add(say(text))
    await store.add(say("something else entirely"))
    assert await texts(store, query) == [text]


async def test_what_has_more_of_the_words_comes_first_and_the_best_has_a_score_near_one(store: MemoryStore) -> None:
    await store.add(say("Ada has a garden"))
    await store.add(say("Ada likes teak chairs for the garden"))
    await store.add(say("chairs are made of wood"))
    found = await store.search("teak chairs for the garden", [ADA])
    assert found[0].note.text == "Ada likes teak chairs for the garden"
    assert found[0].score > found[1].score > 0.0
    assert 1.0 <= found[0].score <= 1.15


async def test_what_fits_badly_is_left_out(store: MemoryStore) -> None:
    await store.add(say("the weather in Bergen is rainy"))
    await store.add(say("Ada likes teak"))
    assert await texts(store, "which hotel in Lisbon has a pool and allows dogs with weather protection") == []
    assert await texts(store, "nothing of the kind") == []
    assert await texts(store, "") == []
    assert await texts(store, "?!") == []


async def test_two_words_of_a_long_question_are_enough(store: MemoryStore) -> None:
    await store.add(say("Invoices of ACME are paid within 30 days"))
    question = "Good morning! Yesterday evening a letter came, " + "and I was puzzled by all those numbers, " * 20
    assert await texts(store, f"{question} so when did we agree to pay the invoices of Acme?") == [
        "Invoices of ACME are paid within 30 days"
    ]


async def test_no_more_are_found_than_asked_for(store: MemoryStore) -> None:
    for number in range(8):
        await store.add(say(f"chair number {number}"))
    assert len(await store.search("chair", [ADA])) == 5
    assert len(await store.search("chair", [ADA], limit=2)) == 2


async def test_of_notes_that_fit_equally_well_the_later_one_comes_first(
    store: MemoryStore, clock: FakeClock
) -> None:
    await store.add(say("chairs of teak in spring"))
    clock.advance(60 * DAY_S)
    await store.add(say("chairs of teak in autumn"))
    assert await texts(store, "teak chairs") == ["chairs of teak in autumn", "chairs of teak in spring"]


async def test_of_notes_that_fit_equally_well_the_more_used_one_comes_first(store: MemoryStore) -> None:
    await store.add(say("chairs of teak in spring"))
    await store.add(say("chairs of teak in autumn"))
    for _ in range(3):
        await store.search("spring", [ADA])
    assert await texts(store, "teak chairs") == ["chairs of teak in spring", "chairs of teak in autumn"]


async def test_a_note_that_fits_better_comes_before_a_later_one(store: MemoryStore, clock: FakeClock) -> None:
    await store.add(say("chairs of teak"))
    clock.advance(365 * DAY_S)
    await store.add(say("chairs of oak"))
    assert (await texts(store, "teak chairs"))[0] == "chairs of teak"


async def test_the_same_words_are_kept_once_and_refreshed(store: MemoryStore, clock: FakeClock) -> None:
    first = await store.add(say("Ada likes teak.", kind="fact", source="run_1"))
    clock.advance(DAY_S)
    again = await store.add(say("  ada LIKES\n teak. ", kind="preference", source="run_2", expires_at=2e6))
    assert (again.id, again.text, again.created_at) == (first.id, "Ada likes teak.", first.created_at)
    assert (again.updated_at, again.kind, again.source) == (clock.now(), "preference", "run_2")
    assert again.expires_at == 2e6
    assert await everything(store) == [again]
    assert await texts(store, "teak") == ["Ada likes teak."]


async def test_words_that_came_from_outside_once_are_not_trusted_when_said_again(store: MemoryStore) -> None:
    await store.add(say("The bank's number is 17", label=PAGE))
    again = await store.add(say("The bank's number is 17", label=USER))
    assert again.label == PAGE.join(USER)
    assert not again.is_trusted


async def test_what_was_pinned_stays_pinned_when_said_again(store: MemoryStore) -> None:
    await store.add(say("Ada is deaf", pinned=True))
    assert (await store.add(say("Ada is deaf"))).pinned


async def test_the_same_words_of_another_user_are_another_note(store: MemoryStore) -> None:
    first, second = await store.add(say("likes teak")), await store.add(say("likes teak", BOB))
    assert first.id != second.id
    assert await everything(store, ADA, BOB) == [second, first]


async def test_many_may_say_the_same_at_once(store: MemoryStore) -> None:
    notes = await asyncio.gather(*(store.add(say("Ada likes teak")) for _ in range(20)))
    assert len({note.id for note in notes}) == 1
    assert len(await everything(store)) == 1


async def test_many_may_add_and_search_at_once(store: MemoryStore) -> None:
    await asyncio.gather(*(store.add(say(f"chair number {number}")) for number in range(40)))
    found = await asyncio.gather(*(store.search(f"number {number}", [ADA]) for number in range(40)))
    assert [items[0].note.text for items in found] == [f"chair number {number}" for number in range(40)]


async def test_a_scope_sees_its_own_notes_only(store: MemoryStore) -> None:
    scopes = [ADA, BOB, Scope(agent="clerk"), Scope(user="ada"), Scope(agent="ada"), Scope(user="clerk")]
    for number, scope in enumerate(scopes):
        await store.add(say(f"teak {number}", scope))
    for number, scope in enumerate(scopes):
        assert await texts(store, "teak", [scope]) == [f"teak {number}"]
        assert [note.scope for note in await everything(store, scope)] == [scope]
    assert sorted(await texts(store, "teak", ADA.reach)) == ["teak 0", "teak 2", "teak 3"]
    assert await store.search("teak", []) == []
    assert await store.find(Filter(scopes=[])) == []


async def test_a_note_that_has_expired_is_not_known_and_may_be_said_again(
    store: MemoryStore, clock: FakeClock
) -> None:
    first = await store.add(say("the code is 17", expires_at=clock.now() + 60.0))
    clock.advance(59.0)
    assert await texts(store, "code") == ["the code is 17"]
    clock.advance(1.0)
    assert await texts(store, "code") == []
    assert await everything(store) == []
    again = await store.add(say("the code is 17"))
    assert again.id != first.id
    assert again.created_at == clock.now()
    assert await everything(store) == [again]


async def test_notes_are_listed_by_what_they_are_the_last_said_first(store: MemoryStore, clock: FakeClock) -> None:
    notes: list[Note] = []
    for kind, pinned in (("fact", False), ("lesson", True), ("fact", True)):
        notes.append(await store.add(say(f"note {len(notes)}", kind=kind, pinned=pinned)))
        clock.advance(1.0)
    fact, lesson, pinned_fact = notes
    assert await everything(store) == [pinned_fact, lesson, fact]
    assert await store.find(Filter(scopes=[ADA], kinds=["fact"])) == [pinned_fact, fact]
    assert await store.find(Filter(scopes=[ADA], pinned=True)) == [pinned_fact, lesson]
    assert await store.find(Filter(scopes=[ADA], pinned=False)) == [fact]
    assert await store.find(Filter(scopes=[ADA], ids=[fact.id, "nosuch"])) == [fact]
    assert await store.find(Filter(scopes=[ADA], ids=[])) == []
    assert await store.find(Filter(scopes=[BOB], ids=[fact.id])) == []
    assert await store.find(Filter(scopes=[ADA], limit=2)) == [pinned_fact, lesson]


async def test_a_note_is_forgotten_by_its_id_and_the_others_are_found_as_before(store: MemoryStore) -> None:
    first, second = await store.add(say("teak chairs")), await store.add(say("teak tables"))
    assert await store.forget([ADA], [first.id, "nosuch"]) == 1
    assert await everything(store) == [second]
    assert await texts(store, "teak chairs") == ["teak tables"]
    assert await store.forget([ADA], [first.id]) == 0
    assert (await store.add(say("teak chairs"))).id != first.id


async def test_a_scope_is_forgotten_as_a_whole_and_no_other(store: MemoryStore) -> None:
    for scope in (ADA, BOB, Scope(user="ada")):
        await store.add(say("teak chairs", scope))
        await store.add(say("oak tables", scope))
    assert await store.forget([ADA, Scope(user="ada")]) == 4
    assert await store.forget([ADA]) == 0
    assert await everything(store, ADA, Scope(user="ada")) == []
    assert len(await everything(store, BOB)) == 2


async def test_a_note_of_another_scope_is_not_forgotten(store: MemoryStore) -> None:
    note = await store.add(say("teak chairs", BOB))
    assert await store.forget([ADA], [note.id]) == 0
    assert await everything(store, BOB) == [note]


NASTY = [
    '"', "'", '""" OR 1=1 --', "'; DROP TABLE memory_notes; --", "teak AND", "NOT", "NEAR(teak, 2)", "teak*", "*",
    "words : teak", "scope : teak", "{words} : teak", "^teak", "-teak", "te+ak", "(((", "a & b | !c <-> d",
    "teak:*", "\\", "\\'", "%s %(now)s", ":now ?1", "\x00", "\ud800", "𝒕𝒆𝒂𝒌", "teak" * 2000, "a " * 5000,
    "http://x/?q=teak&b=1",
]  # fmt: skip


async def test_no_query_is_more_than_words(store: MemoryStore) -> None:
    await store.add(say("chairs of oak"))
    await store.add(say("chairs of teak", BOB))
    for query in NASTY:
        assert "chairs of teak" not in await texts(store, query)
    assert len(await everything(store, ADA, BOB)) == 2


async def test_any_text_can_be_kept_and_forgotten(store: MemoryStore) -> None:
    for text in NASTY:
        note = await store.add(say(f"oak {text}"[:2000]))
        assert await texts(store, "oak") == [note.text]
        assert await store.forget([ADA]) == 1
        assert await texts(store, "oak") == []


class Listed:
    """Ranks notes in an order of its own, whatever the question and the scopes."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def rank(self, query: str, scopes: Sequence[Scope], limit: int) -> Sequence[str]:  # noqa: ARG002 - as the protocol has it
        """Give the list."""
        return self.ids


async def test_a_ranker_finds_notes_without_the_words_and_both_rankings_count(opened: Open) -> None:
    ranker = Listed()
    store = await opened(rankers=[ranker])
    both = await store.add(say("teak chairs"))
    words_only = await store.add(say("teak chairs and more of them"))
    meaning_only = await store.add(say("something to sit on"))
    ranker.ids = [both.id, meaning_only.id]
    found = await store.search("teak chairs", [ADA])
    assert found[0].note == both
    assert {item.note.id for item in found[1:]} == {words_only.id, meaning_only.id}


async def test_a_ranker_gives_nothing_away_that_is_out_of_scope_expired_or_gone(
    opened: Open, clock: FakeClock
) -> None:
    ranker = Listed()
    store = await opened(rankers=[ranker])
    others = await store.add(say("a secret", BOB))
    late = await store.add(say("was true", expires_at=clock.now()))
    ranker.ids = [others.id, late.id, "nosuch"]
    assert await store.search("anything", [ADA]) == []


SEATS, WEATHER = ("sit", "bench", "chair"), ("rain", "umbrella")


def meaning(digest: str = "scripted") -> ScriptedEmbedder:
    return ScriptedEmbedder([SEATS, WEATHER], digest)


async def test_a_note_is_found_by_what_it_means_and_what_means_something_else_is_left_out(opened: Open) -> None:
    store = await opened(embedder=meaning())
    await store.add(say("Ada wants a bench"))
    await store.add(say("Ada has a red umbrella"))
    await store.add(say("Ada plays the piano"))
    assert await texts(store, "somewhere to sit") == ["Ada wants a bench"]
    assert await texts(store, "will there be rain?") == ["Ada has a red umbrella"]
    assert await texts(store, "the capital of Mongolia") == []
    assert await texts(store, " ") == []


async def test_what_fits_by_words_and_by_meaning_comes_first(opened: Open) -> None:
    store = await opened(embedder=meaning())
    await store.add(say("a chair by the window"))
    await store.add(say("a bench for the garden"))
    await store.add(say("the garden is large"))
    assert (await texts(store, "a place to sit in the garden"))[0] == "a bench for the garden"


async def test_a_note_is_embedded_once_for_each_embedder(url: str, opened: Open) -> None:
    first = meaning()
    store = await opened(embedder=first)
    await store.add(say("Ada wants a bench"))
    for _ in range(2):
        assert await texts(store, "to sit") == ["Ada wants a bench"]
    await store.add(say("  ada wants a BENCH "))
    await store.add(say("Ada wants a chair"))
    assert set(await texts(store, "to sit")) == {"Ada wants a chair", "Ada wants a bench"}
    assert first.texts == ["Ada wants a bench", "to sit", "to sit", "Ada wants a chair", "to sit"]
    if url != ":memory:":
        again, other = meaning(), meaning("another")
        for embedder in (again, other):
            assert len(await texts(await opened(embedder=embedder), "to sit")) == 2
        assert again.texts == ["to sit"]
        assert other.texts == ["Ada wants a chair", "Ada wants a bench", "to sit"]


async def test_meaning_keeps_to_the_scopes_and_to_what_has_not_expired(opened: Open, clock: FakeClock) -> None:
    embedder = meaning()
    store = await opened(embedder=embedder)
    await store.add(say("Bob wants a bench", BOB))
    await store.add(say("Ada wants a chair", expires_at=clock.now() + 60.0))
    assert await texts(store, "to sit") == ["Ada wants a chair"]
    assert "Bob wants a bench" not in embedder.texts
    clock.advance(60.0)
    assert await texts(store, "to sit") == []


async def test_many_may_search_by_meaning_at_once(opened: Open) -> None:
    store = await opened(embedder=meaning())
    for number in range(70):
        await store.add(say(f"bench {number}"))
    found = await asyncio.gather(*(store.search("to sit", [ADA], limit=50) for _ in range(10)))
    assert {len(items) for items in found} == {50}


class Failing(ScriptedEmbedder):
    """Embeds one batch, and is down after that."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give vectors, or fail."""
        if self.texts:
            raise ModelUnavailable("the embedder is down")
        return await super().embed(texts)


async def test_an_embedder_that_fails_is_told_of_and_what_it_made_is_kept(opened: Open, url: str) -> None:
    failing = Failing([SEATS])
    store = await opened(embedder=failing)
    for number in range(40):
        await store.add(say(f"bench {number}"))
    with pytest.raises(ModelUnavailable, match="is down"):
        await store.search("to sit", [ADA])
    if url != ":memory:":
        fresh = ScriptedEmbedder([SEATS])
        assert len(await texts(await opened(embedder=fresh), "to sit", limit=50)) == 40
        assert len(fresh.texts) == 40 - len(failing.texts) + 1


class Slow(ScriptedEmbedder):
    """Has something done while it embeds."""

    meanwhile: Callable[[], Awaitable[object]]

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give vectors, late."""
        await self.meanwhile()
        return await super().embed(texts)


async def test_a_note_that_is_forgotten_while_it_is_embedded_leaves_no_vector(opened: Open, url: str) -> None:
    slow = Slow([SEATS])
    store = await opened(embedder=slow)
    await store.add(say("bench one"))
    slow.meanwhile = lambda: store.forget([ADA])
    assert await texts(store, "to sit") == []
    assert n_vectors(url) == 0


async def test_a_vector_goes_with_its_note(opened: Open, url: str, clock: FakeClock) -> None:
    for digest in ("one", "another"):
        store = await opened(embedder=meaning(digest))
        first = await store.add(say("a bench"))
        await store.add(say("a chair", expires_at=clock.now() + 60.0))
        await store.add(say("an umbrella"))
        await store.search("to sit", [ADA])
    assert n_vectors(url) == 6
    await store.forget([ADA], [first.id])
    assert n_vectors(url) == 4
    clock.advance(60.0)
    await store.add(say("a piano"))
    assert n_vectors(url) == 2
    await store.forget([ADA])
    assert n_vectors(url) == 0


async def test_a_database_without_vectors_gets_them(url: str, clock: FakeClock) -> None:
    async with open_memory(url, clock=clock) as store:
        await store.add(say("Ada wants a bench"))
        if not url.startswith("postgresql"):
            execute(url, "DROP TRIGGER {memory_vectors_removed}")
        execute(url, "DROP TABLE {memory_vectors}")
        execute(url, "DELETE FROM {memory_migrations} WHERE number = 2")
    async with open_memory(url, embedder=meaning(), clock=clock) as store:
        assert await texts(store, "to sit") == ["Ada wants a bench"]


async def test_what_is_kept_is_there_when_the_store_is_opened_again(url: str, clock: FakeClock) -> None:
    if url == ":memory:":
        pytest.skip("it is kept for as long as the store is open")
    async with open_memory(url, clock=clock) as store:
        note = await store.add(say("teak chairs", label=PAGE))
    async with open_memory(url, clock=clock) as store:
        assert [found.note for found in await store.search("teak", [ADA])] == [note]


async def test_a_closed_store_says_so(url: str) -> None:
    async with open_memory(url) as store:
        pass
    with pytest.raises(MemoryStoreError, match="is closed"):
        await store.add(say("teak"))


def execute(url: str, sql: str) -> list[tuple[object, ...]]:
    """Change a database, or look into it, behind its store's back."""
    if url == ":memory:":
        pytest.skip("nobody else can reach it")
    return postgres_execute(url, sql) if url.startswith("postgresql") else sqlite_execute(Path(url), sql)


def n_vectors(url: str) -> object:
    """Count the vectors that are kept."""
    ((n_rows,),) = execute(url, "SELECT count(*) FROM {memory_vectors}")
    return n_rows


async def test_tables_of_a_newer_mainspring_are_not_touched(url: str) -> None:
    async with open_memory(url):
        execute(url, "INSERT INTO {memory_migrations} (number) VALUES (99)")
    with pytest.raises(MemoryStoreError, match=r"written by a newer Mainspring \(its tables have version 99"):
        async with open_memory(url):
            pass


async def test_a_note_of_a_newer_mainspring_is_not_read(url: str) -> None:
    async with open_memory(url) as store:
        note = await store.add(say("teak chairs"))
        execute(url, "UPDATE {memory_notes} SET body = replace(body, '\"version\":1', '\"version\":99')")
        with pytest.raises(MemoryStoreError, match=f"note '{note.id}' has version 99.*a newer one"):
            await store.search("teak", [ADA])


async def test_a_damaged_note_is_told_of_without_its_words(url: str) -> None:
    async with open_memory(url) as store:
        note = await store.add(say("teak chairs"))
        execute(url, 'UPDATE {memory_notes} SET body = replace(body, \'"kind":"fact"\', \'"kind":"chairs"\')')
        with pytest.raises(MemoryStoreError, match=f"note '{note.id}' is damaged in kind") as caught:
            await everything(store)
        assert "chairs" not in str(caught.value)


async def test_many_may_open_an_empty_database_at_once(opened: Open) -> None:
    stores = await asyncio.gather(*(opened() for _ in range(6)))
    await asyncio.gather(*(store.add(say(f"note {number}")) for number, store in enumerate(stores)))
    assert len({note.text for store in stores for note in await everything(store)}) == 6
