"""What is to be asked of which passage."""

from collections import Counter
from hashlib import sha256

import pytest

from mainspring.data import Kind
from mainspring.data.team import Wishes
from mainspring.data.team.plan import Assignment, Coverage, first_round, next_round, pairs, sampled
from tests.unit.data.team.made import MACHINES, candidate, document_of, long_passages

SHARES: dict[Kind, float] = {"factual": 0.4, "how_to": 0.2, "why": 0.2, "comparison": 0.1, "unanswerable": 0.1}


def kinds_of(assignments: list[Assignment]) -> Counter[Kind]:
    return Counter(kind for assignment in assignments for kind in assignment.kinds)


def test_the_first_round_asks_of_every_passage_as_much_as_it_is_long() -> None:
    short, usual, endless = (
        first_round(long_passages(1, n_tokens=n_tokens), Wishes())[0] for n_tokens in (10, 400, 10_000)
    )
    assert [len(assignment.kinds) for assignment in (short, usual, endless)] == [1, 3, 6]
    assert [one.passages for one in first_round(long_passages(3), Wishes())] == [(0,), (1,), (2,)]


def test_kinds_come_in_their_shares() -> None:
    asked = kinds_of(first_round(long_passages(100, n_tokens=125), Wishes()))
    assert asked == {kind: round(100 * share) for kind, share in SHARES.items()}


def test_kinds_come_in_their_shares_over_many_documents_of_one_question_each() -> None:
    asked: Counter[Kind] = Counter()
    for number in range(2_000):
        document = sha256(str(number).encode()).hexdigest()
        asked += kinds_of(first_round(long_passages(1, n_tokens=50, document=document), Wishes()))
    assert {kind: n / 2_000 for kind, n in asked.items()} == pytest.approx(SHARES, abs=0.03)


def test_only_kinds_that_are_wanted_are_asked() -> None:
    wishes = Wishes(kinds=("why", "unanswerable"))
    assert set(kinds_of(first_round(long_passages(20), wishes))) == {"why", "unanswerable"}
    assert kinds_of(first_round(long_passages(20), Wishes(kinds=("multi_hop",)))) == {}


def test_the_next_round_asks_only_of_passages_that_are_not_covered_and_for_their_bare_sentences() -> None:
    document, passages = document_of(MACHINES, MACHINES, MACHINES)
    coverage = Coverage()
    first, second = passages[:2]
    coverage.add([candidate(document, [(first.start, first.end)])])
    coverage.add([candidate(document, [(second.sentences[1].start, second.sentences[1].end)], passages=(1,))])
    again = next_round(1, passages, coverage, Wishes())
    assert [(one.round, one.passages, one.sentences) for one in again] == [
        (1, (1,), (1, 3, 4)),
        (1, (2,), (1, 2, 3, 4)),
    ]


def test_a_passage_that_is_covered_enough_is_not_asked_about_again() -> None:
    document, passages = document_of(MACHINES)
    coverage = Coverage()
    coverage.add([candidate(document, [(passages[0].start, passages[0].sentences[2].end)])])
    assert next_round(1, passages, coverage, Wishes(coverage=0.6)) == []
    assert len(next_round(1, passages, coverage, Wishes(coverage=0.9))) == 1


def test_nothing_unanswerable_is_asked_to_cover_what_is_bare() -> None:
    asked = kinds_of(next_round(1, long_passages(50), Coverage(), Wishes()))
    assert set(asked) == {"factual", "how_to", "why", "comparison"}


@pytest.mark.parametrize("kind", ["unanswerable", "multi_hop"])
def test_there_is_no_next_round_where_no_wanted_kind_could_cover_anything(kind: Kind) -> None:
    assert next_round(1, long_passages(5), Coverage(), Wishes(kinds=(kind,))) == []


def test_no_assignment_comes_twice() -> None:
    passages = long_passages(6)
    told = {place: [f"heating kiln{place // 2}"] for place in range(6)}
    rounds = [
        *first_round(passages, Wishes(rounds=3)),
        *next_round(1, passages, Coverage(), Wishes(rounds=3)),
        *next_round(2, passages, Coverage(), Wishes(rounds=3)),
        *pairs(3, told, Wishes(rounds=3)),
    ]
    assert len(set(rounds)) == len(rounds) > 18


def test_passages_that_tell_about_the_same_things_are_asked_about_together() -> None:
    told = {0: ["the Korvat pump"], 1: ["a valve"], 2: ["weight of the Korvat pump"], 3: ["the crane"]}
    assert pairs(2, told, Wishes()) == [Assignment(round=2, passages=(0, 2), kinds=("multi_hop",))]


def test_a_word_that_many_passages_tell_about_joins_none_of_them() -> None:
    told = {place: ["machine", f"only{place}"] for place in range(8)}
    assert pairs(1, told, Wishes()) == []
    assert pairs(1, told | {3: ["machine", "only5"]}, Wishes())[0].passages == (3, 5)


def test_short_words_join_nothing() -> None:
    assert pairs(1, {0: ["use of an oil"], 1: ["oil and gas"]}, Wishes()) == []


def test_no_passage_is_in_more_than_two_pairs_and_one_pair_comes_to_four_passages() -> None:
    told = {place: [f"word{place // 4}"] for place in range(40)}
    chosen = pairs(1, told, Wishes())
    assert len(chosen) == 10
    assert max(Counter(place for one in chosen for place in one.passages).values()) == 2


def test_pairs_are_asked_only_where_that_kind_is_wanted() -> None:
    assert pairs(1, {0: ["kiln"], 1: ["kiln"]}, Wishes(kinds=("factual",))) == []


def test_a_sample_is_spread_over_the_document() -> None:
    passages = long_passages(10)
    assert [one.place for one in sampled(passages, Wishes(sample=4))] == [0, 2, 5, 7]
    assert sampled(passages, Wishes(sample=99)) == sampled(passages, Wishes()) == passages
    assert sampled([], Wishes(sample=3)) == []
