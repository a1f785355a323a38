"""Tools that wait: what they wait for, what the model is told when it has come, and what is without a store."""

import asyncio

import pytest

from mainspring import ToolError
from mainspring.core import ToolCall
from mainspring.core.errors import NobodyToAsk
from mainspring.core.events import ChildEnded, HumanAnswered, HumanAsked, TimerRang, TimerSet, Verdict
from mainspring.tools import AnyTool, ask_human, misfit, nobody_to_ask, wait_for
from mainspring.tools.waits import Question, Timer, Waits


def waits_of(made: AnyTool) -> Waits:
    """Give what a tool waits for."""
    assert made.waits is not None
    return made.waits


def answered(verdict: Verdict, **said: object) -> HumanAnswered:
    """Make an answer."""
    made: dict[str, object] = {"key": "k", "digest": "d", "verdict": verdict, "by": "me"}
    return HumanAnswered(**made | said)  # type: ignore[arg-type]  # its own fields


def test_a_model_is_shown_tools_with_one_argument_that_change_nothing() -> None:
    for made, argument in ((ask_human(), "question"), (wait_for(), "seconds")):
        assert list(made.arguments.model_fields) == [argument]
        assert made.spec.description
        assert (made.annotation.effect, made.annotation.authority, made.annotation.trusted) == (
            "none",
            frozenset(),
            True,
        )
        assert made.in_doubt == "retry"
    assert (ask_human().name, wait_for().name) == ("ask_human", "wait")


def test_a_question_is_asked_as_the_model_wrote_it() -> None:
    asked = waits_of(ask_human(within_s=60.0)).intent("wait:0:call_0_0", {"question": "Which one?"}, ())
    assert asked == HumanAsked(key="wait:0:call_0_0", kind="question", question="Which one?", within_s=60.0)


@pytest.mark.parametrize("value", ["the red one", "", 3, {"which": ["red"]}, None])
def test_an_answer_is_told_as_it_is(value: object) -> None:
    assert waits_of(ask_human()).result(answered("answer", value=value)) == value


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (answered("deny", reason="ask somebody else"), "The human did not answer: ask somebody else."),
        (answered("deny"), "The human did not answer: no reason given."),
        (answered("deny", by="deadline"), "Nobody answered in time."),
    ],
)
def test_no_answer_is_an_error_that_says_why(response: HumanAnswered, told: str) -> None:
    with pytest.raises(ToolError) as caught:
        waits_of(ask_human()).result(response)
    assert str(caught.value) == told


async def test_without_a_store_nobody_is_asked_and_the_error_says_where_somebody_would_be() -> None:
    waits = waits_of(ask_human())
    with pytest.raises(
        NobodyToAsk, match=r"'Which one\?', and this run is kept nowhere; start it in a store.*--store"
    ):
        await waits.respond(waits.intent("k", {"question": "Which one?"}, ()))
    assert isinstance(nobody_to_ask(TimerSet(key="k", seconds=1)), NobodyToAsk)


def test_a_timer_is_set_for_what_the_model_asked() -> None:
    assert waits_of(wait_for()).intent("k", {"seconds": 60}, ()) == TimerSet(key="k", seconds=60.0)
    assert waits_of(wait_for()).result(TimerRang(key="k")) == "The time has passed."


@pytest.mark.parametrize(("seconds", "fits"), [(0, True), (10, True), (10.1, False), (-1, False), ("soon", False)])
def test_only_times_that_are_allowed_are_waited_for(seconds: float | str, fits: bool) -> None:
    made = wait_for(max_s=10.0)
    problem = misfit({"wait": made}, ToolCall(id="c", name="wait", arguments={"seconds": seconds}))
    assert (problem is None) == fits


async def test_without_a_store_time_passes_where_the_run_is(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert await Timer().respond(TimerSet(key="k", seconds=60.0)) == TimerRang(key="k")
    assert slept == [60.0]


def test_what_is_called_past_its_wait_says_that_nothing_has_come() -> None:
    with pytest.raises(ToolError, match="nobody answered 'Which one\\?'"):
        ask_human()(question="Which one?")
    assert wait_for()(seconds=1) == "1 s"


def test_an_answer_of_another_kind_is_no_answer() -> None:
    with pytest.raises(ToolError):
        Question().result(ChildEnded(key="k", run="r", output="x"))
