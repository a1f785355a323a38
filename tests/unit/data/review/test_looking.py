"""Looking at a dataset: lists, filters, one example beside its source."""

from pathlib import Path

from mainspring.data.review import Review
from mainspring.data.review.filters import Filter
from tests.unit.data.review.conftest import Browser
from tests.unit.data.review.datasets import (
    CANDIDATES,
    DAMP,
    HONEY,
    HOURS,
    KEEPING_BEES,
    QUEEN,
    SYRUP,
    WINTER_STORES,
    candidate,
    write_folder,
)


async def test_the_examples_are_listed_in_the_order_of_the_build(browser: Browser) -> None:
    assert await browser.questions() == [one.example.question for one in CANDIDATES]


async def test_a_filter_shows_only_what_matches(browser: Browser) -> None:
    assert await browser.questions(kind="why") == [DAMP.example.question]
    assert await browser.questions(objection="numbers") == [HOURS.example.question]
    assert await browser.questions(document=WINTER_STORES.id) == [HONEY.example.question]
    assert len(await browser.questions(checks="refused")) == 2
    assert await browser.questions(checks="refused", kind="why") == []


async def test_a_check_whose_name_is_part_of_another_is_not_taken_for_it(browser: Browser) -> None:
    assert await browser.questions(objection="number") == []


async def test_a_search_finds_all_of_its_words_in_any_case_and_order(browser: Browser) -> None:
    assert await browser.questions(search="FÜNFZEHN volk") == [HONEY.example.question]
    assert await browser.questions(search="frosts syrup") == [SYRUP.example.question]
    assert await browser.questions(search="100% _") == []


async def test_a_search_finds_the_words_of_an_edit(browser: Browser) -> None:
    await browser.decide(SYRUP.example.id, "edit", question="How sweet is it?", answer="Treacle-sweet.")
    assert await browser.questions(search="treacle") == ["How sweet is it?"]
    assert await browser.questions(search="frosts") == []


async def test_pages_of_rows_follow_one_another_without_gap_or_repetition(tmp_path: Path) -> None:
    many = [candidate(f"Question {n}?", "Yes, it is.", document=KEEPING_BEES) for n in range(120)]
    with Review(write_folder(tmp_path / "train", many)) as review:
        first = review.rows(Filter(), 50)
        second = review.rows(Filter(), 50, after=first.rows[-1].id)
        third = review.rows(Filter(), 50, after=second.rows[-1].id)
        back = review.rows(Filter(), 50, before=third.rows[0].id)
    found = [row.question for page in (first, second, third) for row in page.rows]
    assert found == [one.example.question for one in many]
    assert back == second
    assert [page.n_before for page in (first, second, third)] == [0, 50, 100]
    assert third.n_matching == 120


async def test_a_page_of_rows_can_begin_with_an_example(browser: Browser) -> None:
    found = await browser.get("examples", first=DAMP.example.id)
    assert found["rows"][0]["id"] == DAMP.example.id
    assert found["n_before"] == 2


async def test_it_counts_what_there_is_to_filter(browser: Browser) -> None:
    standing = await browser.get("standing")
    assert standing["name"] == "train"
    assert (standing["n_looked_at"], standing["n_examples"]) == (0, 6)
    counts = standing["counts"]
    assert counts["checks"] == {"accepted": 4, "refused": 2}
    assert counts["objection"] == {"numbers": 1, "markup": 1}
    assert counts["document"] == {KEEPING_BEES.id: 5, WINTER_STORES.id: 1}
    assert standing["documents"][WINTER_STORES.id] == "wintervorräte.html"


async def test_it_tells_how_the_judge_did_where_that_was_measured(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train")
    (folder / "report.json").write_text('{"judge": {"n_bad": 8, "false_accept_rate": 0.25}, "seconds": 3}')
    with Review(folder) as review:
        judge = review.standing.judge
    assert judge is not None
    assert (judge.n_bad, judge.false_accept_rate) == (8, 0.25)


async def test_the_source_is_marked_at_exactly_the_cited_words(browser: Browser) -> None:
    for one in CANDIDATES:
        shown = await browser.get(f"examples/{one.example.id}")
        pieces = [piece for excerpt in shown["excerpts"] for piece in excerpt["pieces"]]
        assert [piece["text"] for piece in pieces if piece["is_cited"]] == [
            span.quote for span in one.example.spans
        ]
        assert shown["misquoted"] == []


async def test_an_excerpt_is_what_the_document_says_between_its_offsets(browser: Browser) -> None:
    shown = await browser.get(f"examples/{HOURS.example.id}")
    (excerpt,) = shown["excerpts"]
    text = "".join(piece["text"] for piece in excerpt["pieces"])
    assert text == KEEPING_BEES.text[excerpt["start"] : excerpt["end"]]
    assert 0 < excerpt["start"] < HOURS.example.spans[0].start


async def test_more_of_a_document_can_be_asked_for_and_fits_without_a_seam(browser: Browser) -> None:
    (excerpt,) = (await browser.get(f"examples/{HOURS.example.id}"))["excerpts"]
    before = await browser.get(f"texts/{KEEPING_BEES.id}", start=excerpt["floor"], end=excerpt["start"])
    shown = "".join(piece["text"] for piece in excerpt["pieces"])
    assert before + shown == KEEPING_BEES.text[: excerpt["end"]]


async def test_a_quote_that_the_source_does_not_hold_is_shown_as_such(tmp_path: Path) -> None:
    span = SYRUP.example.spans[0].model_copy(update={"quote": "Give them nothing."})
    wrong = SYRUP.model_copy(update={"example": SYRUP.example.model_copy(update={"spans": (span,)})})
    with Review(write_folder(tmp_path / "train", [wrong])) as review:
        shown = review.example(wrong.example.id)
    assert shown is not None
    assert [span.quote for span in shown.misquoted] == ["Give them nothing."]


async def test_spans_outside_of_their_document_break_nothing(tmp_path: Path) -> None:
    span = SYRUP.example.spans[0].model_copy(update={"start": 10_000, "end": 10_010})
    wrong = SYRUP.model_copy(update={"example": SYRUP.example.model_copy(update={"spans": (span,)})})
    with Review(write_folder(tmp_path / "train", [wrong])) as review:
        shown = review.example(wrong.example.id)
    assert shown is not None
    assert shown.excerpts == []
    assert shown.misquoted == [span]


async def test_a_candidate_made_twice_is_one_example_and_accepted_if_it_once_was(tmp_path: Path) -> None:
    refused = SYRUP.model_copy(update={"objections": HOURS.objections})
    with Review(write_folder(tmp_path / "train", [refused, QUEEN, SYRUP, refused])) as review:
        assert [row.is_accepted for row in review.rows(Filter(), 50).rows] == [True, True]
        assert review.standing.n_examples == 2
        assert review.standing.counts.objection == {}
        shown = review.example(SYRUP.example.id)
    assert shown is not None
    assert shown.candidate == SYRUP


async def test_a_build_that_replaces_the_candidates_meanwhile_changes_nothing_that_is_shown(
    browser: Browser, folder: Path
) -> None:
    (folder / "other.jsonl").write_bytes(b"{}\n")
    (folder / "other.jsonl").replace(folder / "candidates.jsonl")
    assert (await browser.get(f"examples/{HONEY.example.id}"))["candidate"] == HONEY.model_dump(mode="json")
