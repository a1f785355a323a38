"""The page of a review in a real browser: what a person sees, and what their keys do."""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from mainspring.data import Candidate, Example
from mainspring.data.review import Review, serving
from tests.unit.data.review.datasets import (
    CANDIDATES,
    CARELESS,
    DAMP,
    HONEY,
    HOSTILE,
    HOURS,
    KEEPING_BEES,
    PROVENANCE,
    QUEEN,
    SYRUP,
    candidate,
    write_folder,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

Scheme = Literal["light", "dark"]
_PATIENCE_MS = 30_000
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

expect.set_options(timeout=_PATIENCE_MS)


@dataclass
class Looking:
    """A page in a browser, and everything that it asked for and complained about."""

    page: Page
    folder: Path
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def shows(self, example: Candidate) -> None:
        """Wait until an example is shown."""
        await expect(self.page.locator("#question")).to_have_text(example.example.question)

    async def says(self, words: str) -> None:
        """Wait until the page says something."""
        await expect(self.page.locator("#said")).to_have_text(words)

    def decisions(self) -> list[tuple[str, str]]:
        """Give what is on the disk: id and action."""
        lines = (self.folder / "decisions.jsonl").read_text("utf-8").splitlines()
        return [(one["id"], one["action"]) for one in map(json.loads, lines)]


def chromium() -> str:
    """Find the machine's Chromium."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("there is no chromium; install the one of the distribution")
        pytest.skip("there is no chromium on this machine")
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Start the browser once for all tests; each opens a window of its own."""
    async with async_playwright() as driver:
        started = await driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield started
        await started.close()


Open = Callable[..., AbstractAsyncContextManager[Looking]]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Open:
    """Open the page of a dataset; nothing may go wrong on it, and nothing leave this machine."""

    @asynccontextmanager
    async def looking(
        candidates: Sequence[Candidate] = CANDIDATES, width: int = 1280, scheme: Scheme = "light"
    ) -> AsyncIterator[Looking]:
        with Review(write_folder(tmp_path / "train", candidates)) as review:
            async with serving(review) as address:
                context = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
                page = await context.new_page()
                page.set_default_timeout(_PATIENCE_MS)
                seen = Looking(page, review.folder)
                page.on("request", lambda request: seen.asked.append(request.url))
                page.on("pageerror", lambda error: seen.complaints.append(str(error)))
                page.on("console", lambda message: seen.complaints.append(message.text))
                await page.goto(address.url)
                await expect(page.locator("#question")).not_to_be_empty()
                yield seen
                await context.close()
                assert seen.complaints == []
                assert {urlsplit(asked).netloc for asked in seen.asked} - {""} == {urlsplit(address.url).netloc}

    return looking


@pytest_asyncio.fixture(loop_scope="module")
async def look(opened: Open) -> AsyncIterator[Looking]:
    """Look at a small dataset."""
    async with opened() as seen:
        yield seen


async def test_an_example_stands_beside_its_source_with_the_cited_words_marked_and_in_view(look: Looking) -> None:
    await look.shows(SYRUP)
    for example in CANDIDATES:
        await look.shows(example)
        await expect(look.page.locator("#answer")).to_have_text(example.example.answer)
        marked = await look.page.locator("#source mark").all_text_contents()
        assert marked == [span.quote for span in example.example.spans]
        await expect(look.page.locator("#source mark").first).to_be_in_viewport()
        await look.press("j")
    await look.says("That is the last one.")


async def test_objections_and_the_judges_verdict_are_told_in_words(look: Looking) -> None:
    await look.press("ArrowDown")
    await look.shows(HOURS)
    await expect(look.page.locator("#checked")).to_have_text("refused by the checks")
    notes = look.page.locator("#notes li")
    await expect(notes.first).to_contain_text("the number 4 stands in none of the cited sentences")
    await expect(notes.last).to_contain_text("not good: the source says two, not four")


async def test_keys_decide_and_the_disk_has_it(look: Looking) -> None:
    await look.shows(SYRUP)
    await look.press("y")
    await look.shows(HOURS)
    await look.press("n")
    await look.shows(DAMP)
    assert look.decisions() == [(SYRUP.example.id, "keep"), (HOURS.example.id, "drop")]
    await expect(look.page.locator("#looked")).to_have_text("2 of 6 looked at")
    await look.press("k")
    await expect(look.page.locator("#decided")).to_have_text("you dropped it")


async def test_undo_goes_back_to_the_example_and_takes_one_decision_back_after_the_other(look: Looking) -> None:
    await look.shows(SYRUP)
    await look.press("n")
    await look.shows(HOURS)
    await look.press("y")
    await look.shows(DAMP)
    await look.press("u")
    await look.shows(HOURS)
    await look.says("undecided again · saved")
    await look.press("u")
    await look.shows(SYRUP)
    await expect(look.page.locator("#looked")).to_have_text("0 of 6 looked at")
    await expect(look.page.locator("#decided")).to_be_hidden()
    assert len(look.decisions()) == 4


async def test_an_edit_is_saved_shown_and_outlives_a_reload(look: Looking) -> None:
    words = "A swarm leaves the hive between ten in the morning and two in the afternoon."
    await look.press("j")
    await look.shows(HOURS)
    await look.press("e")
    await look.page.locator("#new-answer").fill(words)
    await look.press("Control+Enter")
    await look.says("edited · saved")
    assert look.decisions() == [(HOURS.example.id, "edit")]
    await look.page.reload()
    await expect(look.page.locator("#answer")).to_have_text(words)
    await expect(look.page.locator("#decided")).to_have_text("you edited it")
    await expect(look.page.locator("#answer-before")).to_have_text(HOURS.example.answer)


async def test_what_the_checks_object_to_in_an_edit_is_shown_and_can_be_saved_all_the_same(look: Looking) -> None:
    await look.shows(SYRUP)
    await look.press("e")
    await look.page.locator("#new-answer").fill(f"It takes 17 kg, says {HOSTILE}")
    await look.press("Control+Enter")
    await expect(look.page.locator("#complaints")).to_contain_text("17")
    assert not (look.folder / "decisions.jsonl").exists()
    await look.press("Control+Enter")
    await look.says("edited · saved")
    await expect(look.page.locator("#answer")).to_have_text(f"It takes 17 kg, says {HOSTILE}")
    assert look.decisions() == [(SYRUP.example.id, "edit")]


async def test_leaving_an_edit_saves_nothing_and_keeps_what_was_written_at_hand(look: Looking) -> None:
    await look.shows(SYRUP)
    await look.press("e")
    await look.page.locator("#new-answer").fill("n y u j")
    await look.press("Escape")
    await expect(look.page.locator("#answer")).to_have_text(SYRUP.example.answer)
    await look.press("e")
    await expect(look.page.locator("#new-answer")).to_have_value("n y u j")
    assert not (look.folder / "decisions.jsonl").exists()


async def test_the_keys_are_shown_on_request_and_do_nothing_meanwhile(look: Looking) -> None:
    await look.shows(SYRUP)
    await look.press("?")
    await expect(look.page.get_by_role("dialog")).to_be_visible()
    await look.press("n", "Escape")
    await expect(look.page.get_by_role("dialog")).to_be_hidden()
    await look.press("j")
    await look.shows(HOURS)
    assert not (look.folder / "decisions.jsonl").exists()


async def test_filters_and_search_show_what_matches(look: Looking) -> None:
    questions = look.page.locator("#rows .question")
    await look.page.locator("[name=checks]").select_option("refused")
    await expect(questions).to_have_text([HOURS.example.question, CARELESS.example.question])
    await look.page.locator("[name=objection]").select_option("numbers")
    await expect(questions).to_have_text([HOURS.example.question])
    await look.shows(HOURS)
    await look.page.get_by_role("button", name="Clear").click()
    await expect(questions).to_have_count(6)
    await look.press("/")
    await look.page.keyboard.type("honig")
    await expect(questions).to_have_text([HONEY.example.question])
    await look.page.keyboard.type(" nowhere")
    await expect(look.page.locator("#nothing")).to_be_visible()
    await expect(look.page.locator("#question")).to_be_hidden()


async def test_what_documents_and_models_write_is_never_run(look: Looking) -> None:
    await look.page.locator("#rows button").nth(4).click()
    await look.shows(CARELESS)
    await expect(look.page.locator("#source mark")).to_have_text(HOSTILE)
    await expect(look.page.locator("#notes")).to_contain_text(HOSTILE)
    assert await look.page.title() == "train"
    assert await look.page.locator("article img, article script, section img, nav script").count() == 0


async def test_more_of_the_source_is_shown_on_request(look: Looking) -> None:
    await look.press("j")
    await look.shows(HOURS)
    text = look.page.locator("#source .text")
    assert "# The Keeping of Bees" not in (await text.text_content() or "")
    await look.page.get_by_role("button", name="More before").click()
    await expect(text).to_have_text(re.compile("^# The Keeping of Bees"))
    assert await text.text_content() == KEEPING_BEES.text
    await expect(look.page.get_by_role("button", name="More before")).to_be_hidden()


async def test_an_unanswerable_question_shows_what_was_looked_through(look: Looking) -> None:
    await look.page.locator("#rows button").nth(3).click()
    await look.shows(QUEEN)
    await expect(look.page.locator("#source")).to_have_class("looked")


async def test_a_tab_sees_what_another_decided_and_loses_nothing_of_it(look: Looking) -> None:
    await look.shows(SYRUP)
    other = await look.page.context.new_page()
    await other.goto(look.page.url.split("#")[0])
    await expect(other.locator("#question")).to_have_text(SYRUP.example.question)
    await look.press("n")
    await look.shows(HOURS)
    await other.keyboard.press("y")
    await expect(other.locator("#question")).to_have_text(HOURS.example.question)
    assert look.decisions() == [(SYRUP.example.id, "drop"), (SYRUP.example.id, "keep")]
    await other.close()
    await look.page.reload()
    await look.shows(HOURS)
    await look.press("k")
    await look.shows(SYRUP)
    await expect(look.page.locator("#decided")).to_have_text("you kept it")


async def test_the_dataset_is_written_by_what_was_decided(look: Looking) -> None:
    write = look.page.get_by_role("button", name="Write dataset")
    await expect(write).to_be_disabled()
    await look.shows(SYRUP)
    await look.press("n")
    await look.shows(HOURS)
    await write.click()
    await look.says("written: 3 in train, 0 in validation")
    await expect(write).to_be_disabled()
    assert len((look.folder / "train-00000.jsonl").read_text("utf-8").splitlines()) == 3


async def test_keys_go_on_from_one_page_of_rows_to_the_next(opened: Open) -> None:
    many = [candidate(f"Question {n}?", "It is so.", "drop of a roof"[5:]) for n in range(120)]
    async with opened(many) as look:
        await look.shows(many[0])
        await look.page.locator("#rows button").last.click()
        await look.shows(many[49])
        await look.press("j")
        await look.shows(many[50])
        await expect(look.page.locator("#range")).to_have_text("51–100 of 120")
        await look.press("k")
        await look.shows(many[49])
        assert await look.page.locator("#rows button").count() == 50


async def test_a_conversation_from_a_run_is_shown_whole(opened: Open) -> None:
    example = Example(
        kind="how_to", question="Order a hive.", answer="It is ordered.", spans=(), document="", passages=()
    )
    call = {"id": "call_0", "type": "function", "function": {"name": "order", "arguments": '{"what": "hive"}'}}
    conversation = Candidate(
        example=example,
        provenance=PROVENANCE,
        messages=(
            {"role": "user", "content": "Order a hive."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_0", "content": "ordered"},
            {"role": "assistant", "content": "It is ordered."},
        ),
    )
    async with opened([conversation]) as look:
        await look.shows(conversation)
        await expect(look.page.locator("#source .who")).to_have_text(["user", "assistant", "tool", "assistant"])
        await expect(look.page.locator("#source pre").first).to_contain_text('"name": "order"')


async def test_it_says_so_when_a_decision_is_not_saved(look: Looking) -> None:
    await look.shows(SYRUP)
    await look.page.route("**/decision", lambda route: route.abort())
    await look.press("y")
    await expect(look.page.get_by_role("alert")).to_contain_text("The server does not answer")
    await expect(look.page.locator("#looked")).to_have_text("0 of 6 looked at")
    await look.shows(SYRUP)
    assert look.complaints
    look.complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_their_ground(opened: Open, scheme: Scheme) -> None:
    async with opened(scheme=scheme) as look:
        await look.shows(SYRUP)
        for selector in ("#question", "#answer", "#kind", "#checked", "#source mark", "#source .text", ".check"):
            assert await look.page.evaluate(_CONTRAST, selector) >= 4.5, selector
        is_dark = await look.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        assert is_dark == (scheme == "dark")


async def test_a_narrow_window_shows_everything_without_scrolling_sideways(opened: Open) -> None:
    async with opened(width=400) as look:
        for example in CANDIDATES:
            await look.shows(example)
            assert await look.page.evaluate("document.documentElement.scrollWidth") <= 400
            await look.page.get_by_role("button", name="Next example").click()
        await expect(look.page.locator("#source")).to_be_visible()


_CONTRAST = """selector => {
  const rgb = (colour) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const element = document.querySelector(selector);
  let ground = element;
  while (rgb(getComputedStyle(ground).backgroundColor)[3] < 255) ground = ground.parentElement;
  const [one, other] = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor]
    .map((colour) => light(rgb(colour)));
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}"""
