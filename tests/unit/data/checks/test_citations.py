"""Citations that are there, and citations that are not."""

from mainspring.data import Document, Example, Kind, Span
from mainspring.data.checks import check
from mainspring.data.cutting import cut
from tests.unit.data.checks.asking import document, said, span

ONE = "The pump stands in the yard. It is painted green and was bought in May."
TWO = "The tank stands on the roof. It holds all the water that the house needs in a day."
LONG = " ".join(
    f"The wheel of pump {n} turns on an axle of steel, and it must be oiled each week." for n in range(12)
)


def cites(*spans: Span, source: Document, kind: Kind = "factual", about: str = "") -> list[str]:
    asked = Example(
        kind=kind,
        question="Where do the pump and the tank stand?",
        answer="The pump stands in the yard.",
        spans=spans,
        document=about or source.id,
        passages=(0,),
    )
    passages = cut(source, max_tokens=20 if source.text.startswith(ONE) else 400, min_tokens=0)
    return said("citations", check(asked, source, passages))


def test_a_sentence_that_is_there_is_fine() -> None:
    source = document(ONE)
    assert cites(span(source, "The pump stands in the yard."), source=source) == []


def test_a_quote_must_be_word_for_word() -> None:
    source = document(ONE)
    wrong = span(source, "The pump stands in the yard.").model_copy(update={"quote": "The pump stood in the yard."})
    assert "word for word" in cites(wrong, source=source)[0]


def test_a_quote_at_another_place_is_refused() -> None:
    source = document(ONE)
    wrong = span(source, "The pump stands in the yard.").model_copy(update={"start": 1, "end": 29})
    assert "word for word" in cites(wrong, source=source)[0]


def test_a_span_outside_the_document_is_refused() -> None:
    source = document(ONE)
    for start, end in (-5, 3), (3, 3), (9, 4), (0, 10_000):
        wrong = Span(document=source.id, start=start, end=end, quote="The")
        assert "not in the document" in cites(wrong, source=source)[0]


def test_a_span_of_another_document_is_refused() -> None:
    source, other = document(ONE), document(TWO)
    assert "another document" in cites(span(other, "The tank stands on the roof."), source=source)[0]


def test_a_span_of_a_passage_that_was_not_shown_is_refused() -> None:
    source = document(f"{ONE}\n\n{TWO}")
    asked = Example(
        kind="factual",
        question="Where does the tank stand?",
        answer="The tank stands on the roof.",
        spans=(span(source, "The tank stands on the roof."),),
        document=source.id,
        passages=(0,),
    )
    shown = cut(source, max_tokens=20, min_tokens=0)[:1]
    assert "none of the passages" in said("citations", check(asked, source, shown))[0]


def test_an_answer_without_a_citation_is_refused() -> None:
    assert "cites nothing" in cites(source=document(ONE))[0]


def test_an_unanswerable_question_may_point_at_all_that_was_looked_through() -> None:
    source = document(LONG)
    assert cites(span(source, LONG), source=source, kind="unanswerable") == []


def test_a_whole_passage_is_no_citation_unless_it_is_short() -> None:
    long, short = document(LONG), document(ONE)
    assert "nearly all" in cites(span(long, LONG), source=long)[0]
    assert cites(span(short, ONE), source=short) == []


def test_a_sentence_that_is_cited_twice_counts_once() -> None:
    source = document(LONG)
    half = span(source, LONG[: len(LONG) // 2])
    assert cites(half, half, source=source) == []


def test_a_question_over_two_passages_cites_both() -> None:
    source = document(f"{ONE}\n\n{TWO}")
    yard, roof = span(source, "The pump stands in the yard."), span(source, "The tank stands on the roof.")
    assert cites(yard, roof, source=source, kind="multi_hop") == []
    assert "two passages" in cites(yard, source=source, kind="multi_hop")[0]
