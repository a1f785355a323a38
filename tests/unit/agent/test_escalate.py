"""Escalating: a dearer model goes on where the one before is not up to it."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from mainspring import Agent, Escalate, ScriptedModel, ToolError, use
from mainspring.core import Act, Answer, FakeClock, SeededRng, Unusable
from mainspring.core.errors import ConfigError, ModelReplyError, Stuck
from mainspring.core.events import Corrected, Escalated, ModelCalled, ToolCalled
from mainspring.models.prices import Rates
from tests.unit.agent.making import asked, names, only

GARBAGE = Unusable(reason="it was not a JSON object", written="Sure!")


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def fail(why: str) -> str:
    """Fail."""
    raise ToolError(f"it failed for {why}")


def right_sum(question: str, answer: str) -> str:
    """Say what is wrong with a sum."""
    return "" if answer == "3" else f"{question.rstrip('?')} is not {answer}"


def script(name: str, *lines: Any, **settings: Any) -> ScriptedModel:
    """Make a model that says one line a call."""
    return ScriptedModel(lines, name=name, **settings)


def clerk(small: ScriptedModel, escalate: Any, **settings: Any) -> Agent:
    """Make an agent that begins with a small model."""
    made: dict[str, Any] = {"tools": [add, fail], "clock": FakeClock(1000.0), "rng": SeededRng()}
    return Agent("clerk", model=small, escalate=escalate, **made | settings)


def models_asked(events: Any) -> list[str]:
    return [called.model for called in only(ModelCalled, events)]


async def test_a_reply_that_cannot_be_used_brings_in_the_dearer_model_for_the_rest_of_the_run() -> None:
    small, large = script("small", GARBAGE), script("large", use("add", a=1, b=2), "3")
    result = await clerk(small, large).run("1 + 2?")
    assert result.output == "3"
    assert names(result.events) == [
        *("RunStarted", "ModelCalled", "ModelReplied", "Escalated", "Corrected"),
        *("ModelCalled", "ModelReplied", "ToolCalled", "ToolReturned", "ModelCalled", "ModelReplied", "Finished"),
    ]
    assert models_asked(result.events) == ["small", "large", "large"]
    (escalated,) = only(Escalated, result.events)
    assert (escalated.turn, escalated.from_model, escalated.to_model) == (0, "small", "large")
    assert (escalated.reason, escalated.problem) == ("unusable", "it was not a JSON object")
    assert large.requests[0].messages[-1].text.startswith("Your last reply could not be used")


async def test_an_answer_that_does_not_fit_its_form_brings_in_the_dearer_model() -> None:
    small, large = script("small", Answer(value="three")), script("large", Answer(value=3))
    result = await clerk(small, large).run("1 + 2?", output=int)
    assert result.output == 3
    (escalated,) = only(Escalated, result.events)
    assert escalated.reason == "wrong_answer"
    assert "valid integer" in escalated.problem


async def test_two_steps_of_which_only_errors_came_bring_in_the_dearer_model() -> None:
    small = script("small", [use("fail", why="fun"), use("nosuch")], use("add", a="x"))
    large = script("large", "done")
    result = await clerk(small, large).run("go")
    assert models_asked(result.events) == ["small", "small", "large"]
    (escalated,) = only(Escalated, result.events)
    assert (escalated.turn, escalated.reason) == (1, "tool_error")
    assert escalated.problem.startswith("add: Wrong arguments for add: a: ")
    assert only(Corrected, result.events) == []


async def test_a_failed_call_among_others_is_no_trouble_and_a_good_step_begins_the_row_anew() -> None:
    failing = use("fail", why="fun")
    small = script("small", failing, [failing, use("add", a=1, b=2)], use("fail", why="joy"), "done")
    result = await clerk(small, script("large")).run("go")
    assert result.output == "done"
    assert only(Escalated, result.events) == []


async def test_only_the_reasons_that_are_named_bring_in_the_dearer_model() -> None:
    small, large = script("small", GARBAGE, Answer(value="x"), Answer(value=3)), script("large")
    result = await clerk(small, Escalate(large, on={"tool_error"})).run("go", output=int)
    assert result.output == 3
    assert large.requests == []


async def test_as_many_steps_as_asked_for_have_to_go_wrong_in_a_row() -> None:
    small = script("small", GARBAGE, use("add", a=1, b=2), GARBAGE, Answer(value="x"))
    large = script("large", Answer(value=3))
    result = await clerk(small, Escalate(large, after=2)).run("go", output=int)
    assert result.output == 3
    assert [(item.turn, item.reason) for item in only(Escalated, result.events)] == [(3, "wrong_answer")]


async def test_a_list_of_dearer_models_is_gone_through_in_order() -> None:
    small, middle, large = script("small", GARBAGE), script("middle", GARBAGE), script("large", "done")
    result = await clerk(small, Escalate([middle, large])).run("go")
    assert result.output == "done"
    assert [(item.from_model, item.to_model) for item in only(Escalated, result.events)] == [
        ("small", "middle"),
        ("middle", "large"),
    ]


async def test_each_model_has_all_its_repairs_and_the_last_one_ends_the_run() -> None:
    small, large = script("small", *[GARBAGE] * 3), script("large", *[GARBAGE] * 4)
    run = clerk(small, Escalate(large, after=3), max_repairs=2).start("go")
    with pytest.raises(ModelReplyError, match=r"model 'large' wrote 3 replies in a row"):
        await run
    assert (len(small.requests), len(large.requests)) == (3, 3)


async def test_a_run_does_not_end_for_want_of_repairs_while_a_dearer_model_is_left() -> None:
    small, large = script("small", GARBAGE, GARBAGE), script("large", "done")
    result = await clerk(small, Escalate(large, after=9), max_repairs=1).run("go")
    assert result.output == "done"
    assert len(small.requests) == 2


async def test_the_dearer_model_may_call_again_what_the_one_before_called_in_circles() -> None:
    failing = use("fail", why="fun")
    small, large = script("small", failing, failing, failing), script("large", failing, use("add", a=1, b=2), "3")
    result = await clerk(small, Escalate(large, after=3)).run("go")
    assert result.output == "3"
    assert [called.must_answer for called in only(ModelCalled, result.events)] == [False] * 6


async def test_the_event_says_what_a_call_like_the_last_one_costs_with_either_model() -> None:
    small = script("small", GARBAGE, price=Rates(input=Decimal(1), output=Decimal(2)))
    large = script("large", "done", price=Rates(input=Decimal(10), output=Decimal(20)))
    result = await clerk(small, large).run("go " * 100)
    (escalated,) = only(Escalated, result.events)
    assert escalated.from_usd
    assert escalated.to_usd == 10 * escalated.from_usd


async def test_a_price_that_nobody_knows_stays_unknown() -> None:
    result = await clerk(script("small", GARBAGE), script("large", "done", price=lambda _: None)).run("go " * 9)
    (escalated,) = only(Escalated, result.events)
    assert (escalated.from_usd, escalated.to_usd) == (Decimal(0), None)


async def test_a_judge_refuses_an_answer_and_the_dearer_model_is_told_why() -> None:
    def check(answer: str) -> str | None:
        return None if "sources" in answer else "it names no sources"

    small, large = script("small", "42"), script("large", "42 (sources: a, b)")
    result = await clerk(small, Escalate(large, judge=check)).run("what?")
    assert result.output == "42 (sources: a, b)"
    assert names(result.events) == [
        *("RunStarted", "ModelCalled", "ModelReplied", "ToolCalled", "ToolReturned", "Escalated", "Corrected"),
        *("ModelCalled", "ModelReplied", "ToolCalled", "ToolReturned", "Finished"),
    ]
    (escalated,) = only(Escalated, result.events)
    assert (escalated.reason, escalated.problem) == ("judge", "it names no sources")
    assert "it names no sources" in large.requests[0].messages[-1].text
    assert result.usage.tool_calls == 2
    assert [spec.name for spec in large.requests[0].options.tools] == ["add", "fail"]


async def test_what_an_untrusted_judge_says_is_not_the_operators_word() -> None:
    result = await clerk(script("small", "no"), Escalate(script("large", "yes"), judge=says_no)).run("go")
    (corrected,) = only(Corrected, result.events)
    assert corrected.message.label.integrity == "untrusted"
    assert corrected.message.label.sources == ("tool:says_no",)


def says_no(answer: str) -> bool:
    """Take only a yes."""
    return answer == "yes"


class Invoice(BaseModel):
    """What is owed."""

    total: int


async def test_a_judge_is_given_the_answer_in_its_own_type_and_the_question_if_it_wants_it() -> None:
    seen: list[tuple[str, Invoice]] = []

    def check(question: str, invoice: Invoice, strictness: int = 1) -> str:
        seen.append((question, invoice))
        return ""

    agent = clerk(script("small", Answer(value={"total": 3})), Escalate(script("large"), judge=check))
    await agent.run("how much?", output=Invoice)
    assert seen == [("how much?", Invoice(total=3))]


@pytest.mark.parametrize("verdict", ["", "  ", None, True, {"ok": True, "note": "fine"}, "ok", "OK.", '"ok"'])
async def test_an_answer_counts_as_good_where_the_judge_has_nothing_against_it(verdict: Any) -> None:
    def check(answer: str) -> Any:
        return verdict

    small, large = script("small", "42"), script("large")
    assert (await clerk(small, Escalate(large, judge=check)).run("what?")).output == "42"
    assert large.requests == []


@pytest.mark.parametrize(
    ("verdict", "problem"),
    [
        ("it is wrong", "it is wrong"),
        (False, "the judge does not say why"),
        ({"ok": False, "problem": "wrong"}, '{"ok":false,"problem":"wrong"}'),
        (["ok"], '["ok"]'),
        (ToolError("it does not add up"), "it does not add up"),
        (KeyError("total"), "check failed: KeyError: 'total'"),
    ],
    ids=str,
)
async def test_an_answer_is_refused_where_the_judge_says_anything_else_or_fails(verdict: Any, problem: str) -> None:
    def check(answer: str) -> Any:
        if answer == "better":
            return None
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    result = await clerk(script("small", "42"), Escalate(script("large", "better"), judge=check)).run("what?")
    assert result.output == "better"
    assert only(Escalated, result.events)[0].problem == problem


async def test_an_agent_judges_with_the_question_and_the_answer_before_it() -> None:
    critic = Agent("critic", model=script("critic", "It is too short.", "ok"))
    escalate = Escalate(script("large", "a long answer"), judge=critic.as_tool(description="Judges answers."))
    result = await clerk(script("small", "short"), escalate).run("why is the sky blue?")
    assert result.output == "a long answer"
    assert only(Escalated, result.events)[0].problem == "It is too short."
    told = asked(critic)[0].messages[-1].text
    assert "why is the sky blue?" in told
    assert "short" in told
    assert result.usage.model_calls == 4


async def test_the_last_model_is_corrected_by_the_judge_a_bounded_number_of_times_whatever_comes_between() -> None:
    small, looked = script("small", "no"), use("add", a=1, b=2)
    large = script("large", "no", looked, "no", use("add", a=2, b=2), "no", "yes")
    run = clerk(small, Escalate(large, judge=says_no), max_repairs=2).start("go")
    with pytest.raises(ModelReplyError, match=r"were not good enough .*the judge does not say why"):
        await run
    assert len(large.requests) == 5
    assert [told.reason for told in only(Corrected, run.events)] == ["judge"] * 3


async def test_refusals_count_for_the_dearer_model_whatever_comes_between() -> None:
    small, large = script("small", "no", use("add", a=1, b=2), "no"), script("large", "yes")
    result = await clerk(small, Escalate(large, after=2, judge=says_no)).run("go")
    assert result.output == "yes"
    assert [item.turn for item in only(Escalated, result.events)] == [2]


async def test_the_judge_has_a_call_of_its_own_at_every_answer() -> None:
    result = await clerk(script("small", "no"), Escalate(script("large", "yes"), judge=says_no)).run("go")
    assert [called.key for called in only(ToolCalled, result.events)] == ["tool:0:judge", "tool:1:judge"]


async def test_an_agent_that_goes_round_in_circles_ends_as_before() -> None:
    same = use("add", a=1, b=2)
    with pytest.raises(Stuck):
        await clerk(script("small", same, same, same, same), script("large")).run("go")


def nothing() -> str:
    """Judge nothing."""
    return ""


def too_much(answer: str, other: str) -> str:
    """Want more than there is."""
    return answer + other


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"to": []}, "the list of models is empty"),
        ({"to": "m", "on": ["repeated"]}, r"nothing escalates on \['repeated'\]"),
        ({"to": "m", "on": []}, "nothing would ever escalate"),
        ({"to": "m", "after": 0}, "after is 0"),
        ({"to": "m", "judge": nothing}, r"judge 'nothing' has the parameters \[\]"),
        ({"to": "m", "judge": too_much}, "give all others a default"),
    ],
)
def test_what_cannot_work_is_refused_at_once(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Escalate(**settings)


@pytest.mark.parametrize(("model", "to"), [("m", "m"), (["a", "b"], "b"), ("m", ["n", "n"])])
def test_an_agent_does_not_escalate_to_what_it_asks_already(model: Any, to: Any) -> None:
    with pytest.raises(ConfigError, match="a model is named twice"):
        Agent("clerk", model=model, escalate=Escalate(to))


def test_an_agent_with_another_model_escalates_to_the_others_that_it_did_before() -> None:
    agent = Agent("clerk", model="small", escalate=Escalate(["middle", "large"]))
    assert agent.replace(model="middle").dearer_names == ("large",)
    assert agent.replace(max_steps=3).dearer_names == ("middle", "large")
    assert agent.replace(escalate="largest").dearer_names == ("largest",)
    with pytest.raises(ConfigError, match="a model is named twice"):
        agent.replace(model="small", escalate="small")


def test_when_an_agent_escalates_counts_for_its_digest() -> None:
    plain = clerk(script("small"), None)
    agents = [plain, clerk(script("small"), "vllm:large"), clerk(script("small"), Escalate("vllm:large", after=2))]
    agents += [clerk(script("small"), Escalate("vllm:large", judge=says_no))]
    assert len({agent.job("go", str).agent_digest for agent in agents}) == len(agents)
    assert plain.job("go", str).agent_digest == clerk(script("small"), None).job("go", str).agent_digest


async def test_thinking_aloud_and_acting_well_escalates_nothing() -> None:
    small = script("small", Act(thought="adding", calls=(use("add", a=1, b=2),)), "3")
    result = await clerk(small, script("large")).run("1 + 2?")
    assert models_asked(result.events) == ["small", "small"]


async def test_a_judge_without_a_dearer_model_has_the_answer_mended_by_the_same_one() -> None:
    model = script("small", "4", "3")
    result = await Agent("clerk", model=model, judge=right_sum).run("1 + 2?")
    assert result.output == "3"
    assert models_asked(result.events) == ["small", "small"]
    assert not only(Escalated, result.events)
    (corrected,) = only(Corrected, result.events)
    assert (corrected.reason, corrected.problem) == ("judge", "1 + 2 is not 4")


async def test_a_judge_that_is_never_content_ends_the_run() -> None:
    model = script("small", *["4"] * 4)
    with pytest.raises(ModelReplyError, match="were not good enough"):
        await Agent("clerk", model=model, judge=right_sum).run("1 + 2?")


def test_two_judges_are_one_too_many() -> None:
    with pytest.raises(ConfigError, match="give one of them"):
        Agent("clerk", judge=right_sum, escalate=Escalate("large", judge=right_sum))


def test_escalating_to_nobody_takes_a_judge() -> None:
    with pytest.raises(ConfigError, match="no dearer model"):
        Escalate(None)


async def test_a_judge_stays_where_an_agent_is_given_a_dearer_model_later() -> None:
    agent = Agent("clerk", model=script("small", "4"), judge=right_sum)

    result = await agent.replace(escalate=script("large", "3")).run("1 + 2?")

    assert result.output == "3"
