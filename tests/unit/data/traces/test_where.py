"""The filter language, over runs that really went that way."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring import ScriptedModel, use
from mainspring.core import FakeClock, Unusable
from mainspring.core.errors import ConfigError
from mainspring.data.traces import FIELDS, WORDS, read_where
from mainspring.models.prices import Rates
from mainspring.runs import Runs
from tests.unit.data.traces.clerks import answered, clerk, finished, paid, taken
from tests.unit.runs.making import opened, plays, the_question


@pytest.fixture
async def store() -> AsyncIterator[Runs]:
    """Give runs that went different ways; each is called after the way it went."""
    clock = FakeClock(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    async with opened(clock=clock) as runs:
        await answered(runs, "plain?", id="plain")
        await answered(runs, "look?", use("look", q="x"), "I looked.", id="looked")
        await answered(runs, "hm?", Unusable(reason="no JSON", written="hm"), "Mended.", id="corrected")
        await finished(await runs.start(clerk(model=ScriptedModel([])), "fail?", id="failed"))
        asking = await runs.start(clerk(use("ask_human", question="Which?"), "The blue."), "ask?", id="answered")
        await runs.inbox.answer((await the_question(asking)).id, "blue", by="ada")
        await finished(asking)
        dear = plays(["Dear."], name="dear", price=Rates(input=Decimal(1000), output=Decimal(2000)))
        clock.advance(24 * 3600.0)
        await finished(await runs.start(clerk(model=dear), "dear?", id="dear"))
        for verdict in ("approve", "deny", "edit"):
            await paid(runs, verdict)
        yield runs


async def wanted(runs: Runs, where: str) -> set[str]:
    names = {
        "approve: Pay them.": "approved",
        "deny: Pay them.": "refused",
        "edit: Pay them.": "edited",
    }
    return {names.get(found.example.answer, found.provenance.run) for found in await taken(runs, where)}


ALL = {"plain", "looked", "corrected", "answered", "dear", "approved", "refused", "edited"}
"""Those that have an answer; the others are never taken."""


@pytest.mark.parametrize(
    ("where", "runs"),
    [
        ("finished", ALL),
        ("failed", set()),
        ("not failed", ALL),
        ("approved", {"approved", "edited"}),
        ("refused", {"refused"}),
        ("edited", {"edited"}),
        ("approved and not edited", {"approved"}),
        ("answered", {"answered"}),
        ("corrected", {"corrected"}),
        ("steps<2", {"plain", "dear"}),
        ("steps = 1", {"plain", "dear"}),
        ("steps!=2", {"plain", "dear"}),
        ("steps>=2 and steps<=2", ALL - {"plain", "dear"}),
        ("cost>0.001", {"dear"}),
        ("cost<$0.001", ALL - {"dear"}),
        ("model=dear", {"dear"}),
        ("model!=scripted", {"dear"}),
        ('model="dear"', {"dear"}),
        ("tool=look", {"looked"}),
        ("tool=pay and not (refused or edited)", {"approved"}),
        ("label=trusted", ALL - {"looked", "approved", "edited"}),
        ("label=untrusted", {"looked", "approved", "edited"}),
        ("label=tool:look", {"looked"}),
        ("label=secret", set()),
        ("since=2026-11-02T00:00+00:00", {"dear", "approved", "refused", "edited"}),
        ("until=2026-11-02T00:00+00:00", ALL - {"dear", "approved", "refused", "edited"}),
        ("answered or corrected and steps>9", {"answered"}),
        ("(answered or corrected) and steps>9", set()),
        ("not not answered", {"answered"}),
    ],
)
async def test_a_filter_takes_the_runs_it_describes(store: Runs, where: str, runs: set[str]) -> None:
    assert await wanted(store, where) == runs


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("", "a word is missing at its end"),
        ("aproved", "there is no 'aproved'; did you mean 'approved'"),
        ("colour=red", r"there is no 'colour'; there are finished, failed, .*steps=, .*joined by and, or, not"),
        ("approved and", "a word is missing at its end"),
        ("approved refused", "'refused' stands where it should end"),
        ("approved)", r"'\)' stands where it should end"),
        ("(approved", "a bracket is not closed"),
        ("and approved", "'and' stands where a word should"),
        ("steps", "steps is compared with something"),
        ("steps<", "steps< wants a value"),
        ("steps<few", "steps is compared with a number, not with 'few'"),
        ("cost<nan", "cost is compared with a number, not with 'nan'"),
        ("model<other", "model is compared with = or !=, not with <"),
        ("since=soon", "'soon' is no time"),
        ("since>2026-11-01", "write since=2026-11-01"),
        ("approved=yes", "there is no 'approved'"),
        ('model="open', r"""is neither a word nor a comparison"""),
        ("(" * 60 + "approved" + ")" * 60, "nested deeper than 50"),
        ("not " * 60 + "approved", "nested deeper than 50"),
        ("__import__('os').system('true')", "there is no \"__import__\"|there is no '__import__'"),
    ],
)
def test_what_is_no_filter_is_refused_with_what_there_is(where: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_where(where)


@given(st.text(st.sampled_from("()<>=! \"'and or not approved steps=6"), max_size=60) | st.text(max_size=30))
def test_no_text_does_more_than_be_a_filter_or_be_refused(text: str) -> None:
    with suppress(ConfigError):
        assert callable(read_where(text))


def test_every_word_and_field_says_what_it_means() -> None:
    assert all(meaning for meaning, _ in WORDS.values())
    assert all(FIELDS.values())
