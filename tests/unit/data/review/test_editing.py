"""Words that a person writes are held against the source before they are saved."""

from typing import Any

from tests.unit.data.review.conftest import Browser
from tests.unit.data.review.datasets import HOURS, SYRUP


async def objections(browser: Browser, example: str, question: str, answer: str) -> list[str]:
    """Ask what the checks object to in other words for an example."""
    body = {"action": "edit", "question": question, "answer": answer}
    response = await browser.post(f"examples/{example}/check", body)
    assert response.status == 200, await response.text()
    found: list[dict[str, Any]] = await response.json()
    return [one["check"] for one in found]


async def test_nothing_is_objected_to_words_that_the_source_bears_out(browser: Browser) -> None:
    answer = "A swarm leaves the hive between ten in the morning and two in the afternoon."
    assert await objections(browser, HOURS.example.id, HOURS.example.question, answer) == []


async def test_a_number_that_the_source_does_not_have_is_objected_to(browser: Browser) -> None:
    answer = "A colony of middle strength takes 17 kg of the syrup before the frosts."
    assert "numbers" in await objections(browser, SYRUP.example.id, SYRUP.example.question, answer)


async def test_the_words_of_an_edit_may_be_kept_against_the_checks(browser: Browser) -> None:
    await browser.decide(SYRUP.example.id, "edit", question="How much?", answer="17 kg.")
    assert await browser.questions(decision="edit") == ["How much?"]


async def test_nothing_is_objected_where_the_source_is_gone(browser: Browser) -> None:
    for text in (browser.review.folder / "texts").iterdir():
        text.unlink()
    assert await objections(browser, SYRUP.example.id, SYRUP.example.question, "17 kg.") == []
