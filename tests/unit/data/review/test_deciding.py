"""Deciding: what is kept, for how long, and what becomes of the dataset."""

import json
from pathlib import Path

import pytest

from mainspring.core.errors import DocumentError
from mainspring.data import Candidate
from mainspring.data.review import Review
from mainspring.data.review.decisions import Wish
from mainspring.data.writing import read_decisions
from tests.unit.data.review.conftest import Browser
from tests.unit.data.review.datasets import DAMP, HONEY, HOURS, SYRUP


def rows(folder: Path) -> list[list[str]]:
    """Give the words of the rows of a dataset."""
    lines = (folder / "train-00000.jsonl").read_text("utf-8").splitlines()
    return [[said["content"] for said in json.loads(line)["messages"]] for line in lines]


async def test_a_decision_is_on_the_disk_before_it_is_said_to_be_saved(browser: Browser, folder: Path) -> None:
    await browser.decide(HOURS.example.id, "keep")
    line = json.loads((folder / "decisions.jsonl").read_text())
    assert line == {"id": HOURS.example.id, "action": "keep", "at": "2027-01-15T08:00:00+00:00"}


async def test_the_last_decision_of_an_example_counts_and_none_is_rewritten(browser: Browser, folder: Path) -> None:
    await browser.decide(SYRUP.example.id, "keep")
    before = (folder / "decisions.jsonl").read_bytes()
    await browser.decide(SYRUP.example.id, "drop")
    assert (folder / "decisions.jsonl").read_bytes().startswith(before)
    assert (await browser.get(f"examples/{SYRUP.example.id}"))["decision"]["action"] == "drop"
    assert (await browser.get("standing"))["counts"]["decision"] == {"undecided": 5, "keep": 0, "drop": 1}


async def test_what_is_decided_can_be_filtered_at_once(browser: Browser) -> None:
    await browser.decide(SYRUP.example.id, "edit", question="How?", answer="So.")
    await browser.decide(HONEY.example.id, "drop")
    assert await browser.questions(decision="edit") == ["How?"]
    assert await browser.questions(decision="drop") == [HONEY.example.question]
    assert len(await browser.questions(decision="undecided")) == 4
    assert (await browser.get("standing"))["n_looked_at"] == 2


async def test_an_edit_shows_its_words_and_keeps_those_before_it(browser: Browser) -> None:
    await browser.decide(SYRUP.example.id, "edit", question="How?", answer="So.")
    shown = await browser.get(f"examples/{SYRUP.example.id}")
    assert (shown["decision"]["question"], shown["decision"]["answer"]) == ("How?", "So.")
    assert shown["candidate"]["example"]["answer"] == SYRUP.example.answer


@pytest.mark.parametrize("candidate", [SYRUP, HOURS], ids=["accepted", "refused"])
async def test_a_decision_that_is_taken_back_leaves_the_dataset_as_if_nobody_had_looked(
    browser: Browser, folder: Path, candidate: Candidate
) -> None:
    browser.review.write()
    untouched = rows(folder)
    await browser.decide(candidate.example.id, "drop" if candidate is SYRUP else "keep")
    browser.review.write()
    assert rows(folder) != untouched
    await browser.decide(candidate.example.id, "undecided")
    browser.review.write()
    assert rows(folder) == untouched
    assert len((folder / "decisions.jsonl").read_text().splitlines()) == 2
    assert (await browser.get(f"examples/{candidate.example.id}"))["decision"] is None
    assert (await browser.get("standing"))["n_looked_at"] == 0


async def test_an_edit_without_words_is_refused_and_not_kept(browser: Browser, folder: Path) -> None:
    response = await browser.post(
        f"examples/{SYRUP.example.id}/decision", {"action": "edit", "question": "How?", "answer": " "}
    )
    assert response.status == 400
    assert "need words" in (await response.json())["error"]
    assert not (folder / "decisions.jsonl").exists()


async def test_a_decision_on_an_example_that_is_not_there_is_refused(browser: Browser, folder: Path) -> None:
    response = await browser.post("examples/0123456789abcdef/decision", {"action": "keep"})
    assert response.status == 404
    assert not (folder / "decisions.jsonl").exists()


async def test_what_cannot_be_written_is_not_said_to_be_saved(browser: Browser, folder: Path) -> None:
    (folder / "decisions.jsonl").mkdir()
    response = await browser.post(f"examples/{SYRUP.example.id}/decision", {"action": "keep"})
    assert response.status == 507
    assert "directory" in (await response.json())["error"]


async def test_decisions_outlive_the_server(browser: Browser, folder: Path) -> None:
    await browser.decide(DAMP.example.id, "edit", question="Why?", answer="For the damp.")
    with Review(folder) as later:
        shown = later.example(DAMP.example.id)
        assert shown is not None
        assert shown.decision is not None
        assert shown.decision.answer == "For the damp."
        assert later.standing.n_looked_at == 1


async def test_two_servers_of_one_folder_see_each_others_decisions(browser: Browser, folder: Path) -> None:
    with Review(folder) as other:
        await browser.decide(DAMP.example.id, "keep")
        other.decide(HONEY.example.id, Wish(action="drop"))
        other.decide(DAMP.example.id, Wish(action="drop"))
        assert other.standing.n_looked_at == 2
    assert (await browser.get(f"examples/{DAMP.example.id}"))["decision"]["action"] == "drop"
    assert (await browser.get("standing"))["n_looked_at"] == 2


async def test_a_line_that_a_crash_cut_off_is_passed_over_and_does_not_spoil_the_next(folder: Path) -> None:
    with Review(folder) as review:
        review.decide(DAMP.example.id, Wish(action="keep"))
    with (folder / "decisions.jsonl").open("ab") as file:
        file.write(b'{"id": "0123')
    with Review(folder) as review:
        assert review.standing.n_looked_at == 1
        review.decide(HONEY.example.id, Wish(action="drop"))
        assert review.standing.n_looked_at == 2
    assert [one.action for one in read_decisions(folder).values()] == ["keep", "drop"]


async def test_a_decision_on_an_example_of_an_earlier_build_is_passed_over(folder: Path) -> None:
    (folder / "decisions.jsonl").write_text('{"id": "0123456789abcdef", "action": "drop", "at": "2026-01-01"}\n')
    with Review(folder) as review:
        assert review.standing.n_looked_at == 0


async def test_a_broken_line_among_the_decisions_is_named(folder: Path) -> None:
    (folder / "decisions.jsonl").write_text("\nkeep it\n")
    with pytest.raises(DocumentError, match=r"decisions\.jsonl', line 2 is no decision"):
        Review(folder)


async def test_the_dataset_is_stale_from_a_decision_until_it_is_written(browser: Browser, folder: Path) -> None:
    assert not browser.review.is_stale
    await browser.decide(SYRUP.example.id, "edit", question="How?", answer="So.")
    await browser.decide(HOURS.example.id, "keep")
    await browser.decide(HONEY.example.id, "drop")
    assert (await browser.get("standing"))["is_stale"]
    response = await browser.post("dataset", {})
    assert (await response.json())["n_rows"] == {"train": 4, "validation": 0}
    assert not (await browser.get("standing"))["is_stale"]
    assert rows(folder)[:2] == [["How?", "So."], [HOURS.example.question, HOURS.example.answer]]
    await browser.decide(DAMP.example.id, "drop")
    assert browser.review.is_stale
