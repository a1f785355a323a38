"""The whole of it: what comes in goes out, with what is objected."""

import weakref
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.core import JsonObject
from mainspring.data import Candidate
from mainspring.data.cleaning import (
    Contamination,
    ExampleDuplicates,
    Item,
    MeaningDuplicates,
    Policy,
    clean,
    clean_by_meaning,
)
from mainspring.memory import ScriptedEmbedder
from tests.unit.data.cleaning.made import NUMBERS, candidate, checks

TASK = "How many days may a customer keep goods before they must be sent back to the shop?"
WORDS = st.sampled_from(
    ["How long?", "how long", "Who?", "Write to ada@example.com", "", "👍", TASK, TASK + " Please."]
)
EXAM = Contamination([Item("exam.txt", 1, (TASK,), ())])
POLICIES: tuple[Policy, ...] = ("redact", "refuse", "keep")
CANDIDATES = st.lists(st.builds(candidate, WORDS, WORDS, objections=st.sampled_from([(), (NUMBERS,)])), max_size=8)


def sets(folder: Path) -> Contamination:
    (folder / "exam.txt").write_text(TASK)
    return Contamination.load([folder / "exam.txt"])


def test_the_second_of_two_is_the_duplicate_and_names_the_first() -> None:
    first, second = clean([candidate("How long?", "30 days."), candidate("how long", "A month.")])
    assert first.is_accepted
    assert checks(second) == ["duplicate"]
    assert first.example.id in second.objections[0].says


def test_a_refused_candidate_does_not_stand_in_the_way_of_a_good_one() -> None:
    refused, good = clean(
        [candidate("How long?", "31 days.", objections=(NUMBERS,)), candidate("How long?", "30 days.")]
    )
    assert checks(refused) == ["numbers"]
    assert good.is_accepted


def test_what_is_in_an_evaluation_set_is_refused_and_says_where(tmp_path: Path) -> None:
    (cleaned,) = clean([candidate(TASK)], contamination=sets(tmp_path))
    assert checks(cleaned) == ["contaminated"]
    assert "line 1 of the evaluation set 'exam.txt'" in cleaned.objections[0].says


def test_an_evaluation_set_is_recognised_by_words_that_are_redacted(tmp_path: Path) -> None:
    (tmp_path / "exam.txt").write_text("Whom does ada@example.com answer?")
    known = Contamination.load([tmp_path / "exam.txt"])
    (cleaned,) = clean([candidate("Whom does ada@example.com answer?")], contamination=known)
    assert checks(cleaned) == ["contaminated"]
    assert "ada" not in cleaned.example.question
    (again,) = clean([cleaned], contamination=known)
    assert again == cleaned


def test_a_conversation_that_gives_an_evaluation_set_away_is_refused(tmp_path: Path) -> None:
    messages: tuple[JsonObject, ...] = (
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": f"They ask: {TASK}"},
    )
    (cleaned,) = clean([candidate("Hello", "Bye", messages=messages)], contamination=sets(tmp_path))
    assert checks(cleaned) == ["contaminated"]


def test_objections_come_in_a_stable_order_behind_those_of_others(tmp_path: Path) -> None:
    one = candidate(TASK, "Ask ada@example.com", objections=(NUMBERS,))
    (cleaned,) = clean([one], contamination=sets(tmp_path), pii="refuse")
    assert checks(cleaned) == ["numbers", "contaminated", "pii"]


def test_two_ways_to_one_answer_are_two_conversations_and_the_same_way_twice_is_one() -> None:
    ways: list[tuple[JsonObject, ...]] = [
        ({"role": "user", "content": "Where is my order?"}, {"role": "assistant", "content": words})
        for words in (
            "I look it up: it is in Oslo since Monday.",
            "Which order do you mean?",
            "which order do you mean",
        )
    ]
    cleaned = list(clean([candidate("Where is my order?", "In Oslo.", messages=way) for way in ways]))
    assert [checks(one) for one in cleaned] == [[], [], ["duplicate"]]


def test_what_earlier_calls_accepted_is_remembered_where_it_is_given() -> None:
    known = ExampleDuplicates()
    assert next(clean([candidate()], duplicates=known)).is_accepted
    assert checks(next(clean([candidate()], duplicates=known))) == ["duplicate"]
    assert next(clean([candidate()])).is_accepted


def test_candidates_are_read_as_they_are_asked_for() -> None:
    n_read = 0

    def told() -> Iterator[Candidate]:
        nonlocal n_read
        for number in range(100):
            n_read += 1
            yield candidate(f"Question {number}?")

    cleaned = clean(told())
    next(cleaned)
    next(cleaned)
    assert n_read == 2


@settings(max_examples=50, deadline=None)
@given(CANDIDATES, st.sampled_from(POLICIES))
def test_nothing_is_lost_and_cleaning_twice_is_cleaning_once(candidates: list[Candidate], policy: Policy) -> None:
    cleaned = list(clean(candidates, contamination=EXAM, pii=policy))
    assert len(cleaned) == len(candidates)
    assert list(clean(cleaned, contamination=EXAM, pii=policy)) == cleaned
    for before, after in zip(candidates, cleaned, strict=True):
        assert after.objections[: len(before.objections)] == before.objections
        assert after.provenance == before.provenance


def test_a_candidate_that_has_passed_is_let_go() -> None:
    passed: list[weakref.ref[Candidate]] = []

    def told() -> Iterator[Candidate]:
        for number in range(20):
            one = candidate(f"Question {number}?")
            passed.append(weakref.ref(one))
            yield one
            del one

    for _ in clean(told()):
        assert all(before() is None for before in passed[:-2])
    assert len(passed) == 20


async def test_paraphrases_are_found_in_batches_and_nothing_else_is_touched() -> None:
    embedder = ScriptedEmbedder([["return", "send back"], ["cost"]])
    conversation = candidate("May I return it?", "Yes.", messages=({"role": "user", "content": "return"},))
    asked = [
        candidate("May I return it?", "No.", objections=(NUMBERS,)),
        candidate("May I return it?", "Yes."),
        conversation,
        *(candidate(f"Something else, {'x' * number}?") for number in range(300)),
        candidate("Could I send it back?", "Yes."),
    ]
    cleaned = [one async for one in clean_by_meaning(asked, MeaningDuplicates(embedder))]
    assert [one.example for one in cleaned] == [one.example for one in asked]
    assert cleaned[:-1] == asked[:-1]
    assert checks(cleaned[-1]) == ["duplicate"]
    assert asked[1].example.id in cleaned[-1].objections[0].says
