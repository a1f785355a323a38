"""How notes are ranked: the words that count, the share of them, and what is a little ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core import USER
from mainspring.memory.note import Note
from mainspring.memory.ranking import Candidate, best, fused, relevance
from mainspring.memory.words import MAX_QUESTION_WORDS, question_words, words_of
from tests.unit.memory.keeping import ADA

DAY_S = 86_400.0


def candidate(name: str, *, n_words: int = 1, strength: float = 1.0, n_uses: int = 0, at: float = 0.0) -> Candidate:
    note = Note(id=name, text=name, scope=ADA, kind="fact", label=USER, source="", created_at=at, updated_at=at)
    return Candidate(note, n_uses, n_words, strength)


def test_the_words_of_a_question_are_those_that_say_something() -> None:
    assert question_words("What does Ada say of the two chairs, Ada?") == ["chairs", "ada", "say", "two"]
    assert question_words("Who are you?") == ["who", "are", "you"]
    assert question_words("") == []


def test_of_a_long_question_the_longest_words_are_looked_for() -> None:
    short = " ".join(f"w{number}" for number in range(100))
    words = question_words(f"{short} rhododendron")
    assert words[0] == "rhododendron"
    assert len(words) == MAX_QUESTION_WORDS


@given(st.text())
def test_a_word_is_letters_and_digits_only(text: str) -> None:
    assert all(word.isalnum() and len(word) <= 64 for word in words_of(text))


def test_the_share_of_words_counts_most_and_the_databases_rank_decides_between_equals() -> None:
    fits = relevance(
        [
            candidate("two", n_words=2, strength=1.0),
            candidate("weak", n_words=1, strength=3.0),
            candidate("strong", n_words=1, strength=9.0),
        ],
        n_words=3,
    )
    assert list(fits) == ["two", "strong", "weak"]
    assert fits["strong"] == pytest.approx(0.75 / 3 + 0.25)


@pytest.mark.parametrize(("n_asked", "n_needed"), [(1, 1), (3, 1), (5, 1), (6, 2), (32, 2)])
def test_a_note_needs_a_fifth_of_the_words_and_never_more_than_two(n_asked: int, n_needed: int) -> None:
    kept = [n_words for n_words in range(1, n_asked + 1) if relevance([candidate("a", n_words=n_words)], n_asked)]
    assert kept[0] == n_needed


def test_what_is_new_and_much_used_gets_fifteen_hundredths_more_at_most() -> None:
    candidates = [
        candidate("old", at=0.0),
        candidate("new", at=3650 * DAY_S),
        candidate("used", at=0.0, n_uses=5),
        candidate("both", at=3650 * DAY_S, n_uses=10**9),
        candidate("month", at=3620 * DAY_S),
    ]
    found = best(candidates, {item.note.id: 1.0 for item in candidates}, now=3650 * DAY_S, limit=9)
    assert {item.note.id: round(item.score, 6) for item in found} == {
        "both": 1.15,
        "new": 1.1,
        "month": 1.05,
        "used": 1.025,
        "old": 1.0,
    }
    assert [item.note.id for item in found] == ["both", "new", "month", "used", "old"]


def test_a_note_said_in_the_future_by_another_clock_is_as_new_as_can_be() -> None:
    (found,) = best([candidate("a", at=10.0)], {"a": 1.0}, now=0.0, limit=1)
    assert found.score == pytest.approx(1.1)


def test_rankings_are_fused_by_their_places() -> None:
    together = fused([["a", "b"], ["b", "c", "c"]])
    assert together["a"] == pytest.approx(1 / 2)
    assert together["b"] == pytest.approx((61 / 62 + 1) / 2)
    assert together["c"] == pytest.approx(61 / 62 / 2)
    assert fused([["a"], ["a"]]) == {"a": 1.0}
