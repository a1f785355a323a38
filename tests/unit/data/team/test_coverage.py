"""Which sentences accepted answers rest on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.data.team.plan import Coverage
from tests.unit.data.team.made import MACHINES, candidate, document_of

DOCUMENT, (PASSAGE,) = document_of(MACHINES)
_OFFSETS = st.integers(0, len(DOCUMENT.text))
_SPANS = st.lists(st.tuples(_OFFSETS, _OFFSETS).map(lambda ends: (min(ends), max(ends))), max_size=6)


@given(_SPANS)
def test_a_sentence_is_covered_just_where_each_of_its_characters_is_cited(spans: list[tuple[int, int]]) -> None:
    coverage = Coverage()
    for span in spans:
        coverage.add([candidate(DOCUMENT, [span])])
    cited = {offset for start, end in spans for offset in range(start, end)}
    bare = [
        number
        for number, sentence in enumerate(PASSAGE.sentences, 1)
        if not cited.issuperset(range(sentence.start, sentence.end))
    ]
    assert list(coverage.uncovered(PASSAGE)) == bare


@given(_SPANS)
def test_the_share_that_is_covered_never_shrinks_and_is_1_only_where_nothing_is_bare(
    spans: list[tuple[int, int]],
) -> None:
    coverage = Coverage()
    shares = [coverage.share(PASSAGE)]
    for span in spans:
        coverage.add([candidate(DOCUMENT, [span])])
        shares.append(coverage.share(PASSAGE))
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert (shares[-1] == 1.0) == (not coverage.uncovered(PASSAGE))


def test_long_sentences_count_for_more_than_short_ones() -> None:
    document, (passage,) = document_of(("It is so.", "This sentence is as long as three of the other kind."))
    coverage = Coverage()
    coverage.add([candidate(document, [(passage.sentences[0].start, passage.sentences[0].end)])])
    assert coverage.share(passage) == pytest.approx(9 / 61)


@pytest.mark.parametrize("is_accepted", [True, False])
def test_refused_and_unanswerable_questions_cover_nothing(is_accepted: bool) -> None:
    coverage = Coverage()
    whole = [(PASSAGE.start, PASSAGE.end)]
    coverage.add([candidate(DOCUMENT, whole, is_accepted=False)])
    coverage.add([candidate(DOCUMENT, whole, kind="unanswerable", is_accepted=is_accepted)])
    assert coverage.share(PASSAGE) == 0.0
    assert coverage.passages == frozenset()


def test_passages_with_an_accepted_answer_are_told() -> None:
    coverage = Coverage()
    coverage.add([candidate(DOCUMENT, [], passages=(4,)), candidate(DOCUMENT, [], passages=(2, 7))])
    assert coverage.passages == {2, 4, 7}
