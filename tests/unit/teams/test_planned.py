"""Plans: steps side by side, results in arguments, revisions with their reason."""

import asyncio

import pytest
from pydantic import JsonValue

from mainspring import Agent, ScriptedModel, ToolError, tool
from mainspring.core import Act, Answer, JsonObject, Request
from mainspring.core.errors import NobodyAnswered
from mainspring.core.events import ModelReplied, ToolCalled
from mainspring.models.scripted import Line
from mainspring.teams import planned
from tests.unit.teams.making import kept, member


@tool(effect="none")
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool(effect="none")
def shout(text: str) -> str:
    """Shout."""
    return text.upper()


def step(name: str, tool: str, *after: str, **arguments: JsonValue) -> JsonObject:
    return {"id": name, "tool": tool, "arguments": arguments, "after": list(after)}


def plan(*steps: JsonObject) -> Answer:
    return Answer(value={"steps": list(steps)})


def thoughts(events: object) -> list[str]:
    assert isinstance(events, list)
    decisions = [event.decision for event in events if isinstance(event, ModelReplied)]
    return [decision.thought for decision in decisions if isinstance(decision, Act)]


def echoed(request: Request) -> Line:
    return request.messages[-1].text


async def test_results_of_steps_are_put_into_the_arguments_of_those_that_need_them() -> None:
    model = ScriptedModel(
        [plan(step("sum", "add", a=1, b=2), step("loud", "shout", "sum", text="it is {sum} {not_a_step}")), echoed]
    )
    output, events, _ = await kept(planned("sums", [add, shout], model=model), "1 + 2, loudly")
    assert "loud: IT IS 3 {NOT_A_STEP}" in str(output)
    assert thoughts(events)[1] == "sum = add; loud = shout after sum"
    assert len(model.requests) == 2


async def test_steps_that_do_not_need_each_other_are_taken_side_by_side() -> None:
    together = asyncio.Barrier(3)

    @tool(effect="none")
    async def meet(who: str) -> str:
        """Wait for the others."""
        await together.wait()
        return who

    steps = [step(name, "meet", who=name) for name in ("a", "b", "c")]
    result = await planned("three", [meet], model=ScriptedModel([plan(*steps), "all met"])).run("go")
    assert result.output == "all met"


async def test_a_step_may_be_the_work_of_an_agent() -> None:
    clerk = member("clerk", "two chairs")
    model = ScriptedModel([plan(step("stock", "clerk", task="What is in stock?")), echoed])
    output, _, agents = await kept(planned("shop", [clerk], model=model), "Well?")
    assert "stock: two chairs" in str(output)
    assert sorted(agents) == ["clerk", "shop", "shop_answer", "shop_plan"]


async def test_a_plan_is_revised_when_a_step_fails_and_what_is_done_is_not_done_again() -> None:
    @tool(effect="none")
    def open_door(key: str) -> str:
        """Open the door."""
        if key != "brass":
            raise ToolError(f"the {key} key does not fit")
        return "open"

    first = plan(step("sum", "add", a=1, b=1), step("door", "open_door", key="iron"))
    second = plan(step("door", "open_door", "sum", key="brass"))
    model = ScriptedModel([first, second, echoed])
    output, events, _ = await kept(planned("doors", [add, open_door], model=model), "Open it")
    assert "door: open" in str(output)
    assert "The plan is revised: step door (open_door) failed: the iron key does not fit" in thoughts(events)
    assert "the iron key does not fit" in model.requests[1].messages[-1].text
    assert "sum: 2" in model.requests[1].messages[-1].text
    called = [event.call.name for event in events if isinstance(event, ToolCalled)]
    assert called.count("add") == 1


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (plan(step("a", "fly")), "step a wants the tool 'fly'"),
        (plan(step("a", "add", "z", a=1, b=1)), "step a comes after z, which are no steps"),
        (
            plan(step("a", "add", "b", a=1, b=1), step("b", "add", "a", a=1, b=1)),
            "the steps a, b wait for each other",
        ),
        (plan(step("a", "add", a=1, b=1), step("a", "add", a=1, b=1)), "two steps have the same id"),
    ],
    ids=["tool", "after", "circle", "twice"],
)
async def test_a_plan_that_cannot_be_carried_out_is_made_anew(wrong: Answer, problem: str) -> None:
    model = ScriptedModel([wrong, plan(step("sum", "add", a=1, b=2)), echoed])
    output, _, _ = await kept(planned("sums", [add], model=model), "1 + 2")
    assert "sum: 3" in str(output)
    assert problem in model.requests[1].messages[-1].text


async def test_revisions_are_bounded_and_the_answer_says_what_could_not_be_done() -> None:
    @tool(effect="none")
    def fail() -> str:
        """Fail."""
        raise ToolError("never")

    broken = plan(step("sum", "add", a=1, b=2), step("no", "fail"))
    again = plan(step("no", "fail"))
    model = ScriptedModel([broken, again, echoed])
    output, _, _ = await kept(planned("sums", [add, fail], model=model, max_revisions=1), "go")
    assert "sum: 3" in str(output)
    assert "This could not be done: step no (fail) failed: never" in str(output)
    nothing = ScriptedModel([again, again])
    with pytest.raises(NobodyAnswered, match="no step of the plan"):
        await planned("sums", [add, fail], model=nothing, max_revisions=1).run("go")


async def test_the_planner_is_told_the_tools_and_held_to_the_form_of_a_plan() -> None:
    model = ScriptedModel([plan(step("sum", "add", a=1, b=2)), "3"])
    await planned("sums", [add], model=model, instructions="You do sums.").run("1 + 2")
    told = model.requests[0].messages[0].text
    assert told.startswith("You do sums.")
    assert "add(a: integer, b: integer): Add." in told
    assert model.requests[0].options.answer is not None
    assert isinstance(planned("x", [add]), Agent)
