"""Runs as pages that people read."""

import re
from html.parser import HTMLParser

import pytest

from mainspring import Budget, ask_human, tool, use
from mainspring.core import Act, Answer, Entry, FakeClock, ToolCall, Unusable
from mainspring.core.events import ToolReturned
from tests.unit.runs.making import agent, crash, faulty, opened, the_question
from tests.unit.runs.shapes import SHAPES, Shape, cut_off, denied, driven, look, pay

EVIL = "<script>alert('caught')</script>"


class Page(HTMLParser):
    """Reads a page, and sees to it that what is opened is closed."""

    VOID = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a tag and what it has."""
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links |= {value for name, value in attrs if name in {"href", "src"} and value}
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        assert self._open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        """Collect the words."""
        if "style" not in self._open:
            self.text += data


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_page_is_whole_and_names_every_event_once(shape: Shape) -> None:
    async with opened() as runs:
        run = await shape(runs)
        n_events = (await runs.row(run)).n_events
        page = Page(await runs.export_page(run))
    events = [name for name in page.ids if re.fullmatch(r"e\d+", name)]
    assert sorted(events, key=lambda name: int(name[1:])) == [f"e{seq}" for seq in range(n_events)]
    assert len(set(page.ids)) == len(page.ids)
    assert page.links <= {f"#{name}" for name in page.ids}
    assert f"mainspring runs fork {run} --at" in page.text


async def test_whatever_others_wrote_is_shown_and_never_run() -> None:
    calls = (
        ToolCall(id=f"a{EVIL}", name="echo", arguments={"text": EVIL}),
        ToolCall(id="b", name=f"no{EVIL}", arguments={f"x{EVIL}": [EVIL]}),
        ToolCall(id="c", name="ask_human", arguments={"question": EVIL}),
    )

    @tool(effect="fetch")
    def echo(text: str) -> str:
        """Say it back."""
        return f"{text}\x1b[2J"

    lines = [Unusable(reason=EVIL, written=EVIL), Act(thought=EVIL, calls=calls), Answer(thought=EVIL, value=EVIL)]
    worker = agent(lines, echo, ask_human(), name=f"agent{EVIL}", instructions=EVIL)
    async with opened() as runs:
        run = await runs.start(worker, EVIL, id=f"run{EVIL}", budget=Budget(usd=1))
        await runs.inbox.answer((await the_question(run)).id, EVIL, by=EVIL)
        await driven(run)
        written = await runs.export_page(run.id)
    page = Page(written)
    assert "<script" not in written
    assert "script" not in page.tags
    assert page.text.count(EVIL) >= 15
    assert "\x1b" not in written


async def test_a_page_needs_nothing_from_elsewhere() -> None:
    written = await page_of(denied)
    assert not re.search(r"https?://|@import|url\(", written)


async def test_the_head_says_who_was_asked_what_and_what_came_of_it() -> None:
    async with opened() as runs:
        worker = agent([use("look", q="gears"), "they mesh"], look, name="watchmaker")
        run = await runs.start(worker, "what do gears do?", budget=Budget(usd=1, model_calls=5))
        page = Page(await runs.export_page(await driven(run)))
    head = " ".join(page.text.partition("What happened")[0].split())
    for words in (
        "watchmaker",
        "finished",
        "what do gears do?",
        "they mesh",
        "1 tool call",
        "$0 of $1",
        "2 of 5 model",
    ):
        assert words in head


async def test_a_call_is_written_as_python_would_have_it() -> None:
    @tool(effect="none")
    def mix(flag: object, none: object, text: str, code: str) -> str:
        """Mix."""
        return "mixed"

    lines = [use("mix", flag=True, none=None, text="it's", code="a = 1\nb = 2"), "done"]
    async with opened() as runs:
        page = Page(await runs.export_page(await driven(await runs.start(agent(lines, mix), "go"))))
    assert 'mix(\n    flag=True,\n    none=None,\n    text="it\'s",\n    code="""a = 1\nb = 2""",\n)' in page.text


async def test_long_results_are_folded_and_whole() -> None:
    @tool(effect="fetch")
    def long() -> str:
        """Say much."""
        return "\n".join(f"line {number}" for number in range(200))

    async with opened() as runs:
        worker = agent([use("long"), "done"], long)
        page = Page(await runs.export_page(await driven(await runs.start(worker, "go"))))
    assert page.tags.count("details") == 2  # the tool's description is the other one
    assert "200 lines, " in page.text
    assert "line 199" in page.text


async def test_a_wait_for_a_human_is_pressed_together_and_its_length_is_written() -> None:
    clock = FakeClock(1000.0)

    @tool(effect="fetch")
    def slow(seconds: float) -> str:
        """Take time."""
        clock.advance(seconds)
        return "there"

    async with opened(clock=clock) as runs:
        worker = agent(
            [use("slow", seconds=2.0), use("pay", amount=3), use("slow", seconds=6.0), "done"], slow, pay
        )
        run = await runs.start(worker, "go")
        asked = await the_question(run)
        clock.advance(2 * 86_400 + 3 * 3600)
        await runs.inbox.approve(asked.id, by="ada")
        await driven(run)
        written = await runs.export_page(run.id)
    assert '"waiting for a human: 2 d 3 h"' in written
    assert "by ada, after 2 d 3 h" in written
    assert "8.0 s at work" in written
    widths = [
        float(width) for width in re.findall(r'title="slow: \S+ s" style="left: \S+%; width: (\S+)%"', written)
    ]
    assert widths[1] == pytest.approx(3 * widths[0], rel=0.01)


async def test_a_takeover_after_a_crash_is_told_where_it_happened() -> None:
    clock = FakeClock(1000.0)
    worker = agent([use("look", q="x"), "done"], look)
    async with faulty() as store:
        run = await crash(store, clock, worker, lambda event: isinstance(event, ToolReturned))
        async with opened(store, worker, clock=clock, seed=1) as runs:
            await (await runs.get(run)).result()
            page = Page(await runs.export_page(run))
    text = " ".join(page.text.split())
    assert re.search(r"look\(q='x'\) #\d+ taken over after a crash by another driver.* cut off by a crash", text)


async def test_a_fork_says_what_it_departs_from_and_where_it_goes_on_by_itself() -> None:
    async with opened() as runs:
        first = await driven(await runs.start(agent([use("look", q="x"), "done"], look), "go", id="first"))
        seq = _seq(await runs.store.entries(first), ToolReturned)
        fork = await runs.fork(first, at=seq, result="nothing", id_new="second")
        page = Page(await runs.export_page(await driven(fork)))
    text = " ".join(page.text.split())
    assert f"forked from first at #{seq}" in text
    assert f"from here on by itself; event {seq} was the first that is not shared with first" in text
    assert "nothing" in text


async def test_a_run_that_waits_shows_what_it_asks() -> None:
    page = Page(await page_of(cut_off))
    head = " ".join(page.text.partition("What happened")[0].split())
    assert "waiting for a human" in head
    assert "May pay(amount=3) be called?" in head


async def page_of(shape: Shape) -> str:
    async with opened() as runs:
        return await runs.export_page(await shape(runs))


def _seq(entries: list[Entry], kind: type[object]) -> int:
    return next(entry.seq for entry in entries if isinstance(entry.event, kind))
