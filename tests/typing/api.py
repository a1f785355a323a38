"""The public types, pinned: mypy checks this file, nobody runs it."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import assert_type

from pydantic import BaseModel

from mainspring import (
    Agent,
    Budget,
    ChatModel,
    Escalate,
    Prompt,
    Result,
    Run,
    ScriptedModel,
    Tool,
    Usage,
    open_model,
    tool,
    use,
)
from mainspring.core import Delta, Event, Message, Model, ToolCall, decode
from mainspring.data import Candidate, Document, Example, Kind, Objection, Span, Verdict
from mainspring.data.building import Options, Report, State, build, compare, work
from mainspring.data.reading import Skipped, read_folder
from mainspring.data.team import PromptSet, Wishes
from mainspring.data.writing import Dataset, write_dataset
from mainspring.models.pool import PooledModel


class Invoice(BaseModel):
    """What is owed."""

    total: int


@tool
def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


@tool(name="find", effect="fetch", authority=["city"], trusted=True, timeout_s=5, max_result_chars=100)
async def lookup(city: str) -> Invoice:
    """Look up."""
    return Invoice(total=len(city))


def plain(city: str) -> str:
    """Look up."""
    return city


async def tools() -> None:
    assert_type(add(1), int)
    assert_type(add(1, b=2), int)
    assert_type(await lookup("Oslo"), Invoice)
    assert_type(add.name, str)
    wrapped: Callable[[str], str] = tool(plain)
    assert_type(wrapped("Oslo"), str)
    assert_type(use("add", a=1), ToolCall)
    add("one")  # type: ignore[arg-type]  # a tool is called as its function is
    add(1, c=2)  # type: ignore[call-arg]
    tool(effect="explode")  # type: ignore[call-overload]  # there is no such effect


async def running(agent: Agent) -> None:
    assert_type(await agent.run("hi"), Result[str])
    assert_type((await agent.run("hi")).output, str)
    assert_type(await agent.run("hi", output=str), Result[str])
    assert_type(await agent.run("hi", output=Invoice), Result[Invoice])
    assert_type((await agent.run("hi", output=Invoice)).output.total, int)
    assert_type(await agent.run("hi", output=list[int]), Result[list[int]])
    assert_type(await agent.run("hi", output=dict[str, Invoice]), Result[dict[str, Invoice]])
    assert_type(await agent.run(Message.user("hi"), messages=[Message.user("hello")], inputs={"a": 1}), Result[str])


def running_without_a_loop(agent: Agent) -> None:
    assert_type(agent.run_sync("hi"), Result[str])
    assert_type(agent.run_sync("hi", output=Invoice), Result[Invoice])
    assert_type(agent.run_sync("hi", output=list[int]).output, list[int])


async def watching(agent: Agent) -> None:
    run = agent.start("hi", stream=True)
    assert_type(run, Run[str])
    assert_type(agent.start("hi", output=Invoice), Run[Invoice])
    assert_type(await run, Result[str])
    assert_type(await agent.start("hi", output=list[int]), Result[list[int]])
    async for event in run:
        assert_type(event, Event | Delta)
    assert_type(run.events, tuple[Event, ...])
    assert_type(run.usage, Usage)
    assert_type(run.cancel(), None)


async def results(result: Result[Invoice]) -> None:
    assert_type(result.output, Invoice)
    assert_type(result.usage, Usage)
    assert_type(result.messages, tuple[Message, ...])
    assert_type(result.events, tuple[Event, ...])
    assert_type(result.run_id, str)
    assert_type(decode({}), Event)


def making() -> None:
    scripted: Model = ScriptedModel(
        ["hi", use("add", a=1), [use("add", a=1)], ValueError("no"), lambda request: request.messages[-1].text]
    )
    served: Model = ChatModel("m", base_url="http://localhost/v1")
    assert_type(open_model("vllm:m"), ChatModel | PooledModel)
    agent = Agent("a", model=scripted, tools=[add, lookup, plain])
    assert_type(agent.replace(model=served), Agent)
    assert_type(Agent("a", prompt=Prompt("Be brief.")), Agent)
    assert_type(agent.tools["add"], Tool[..., object])
    dearer = Escalate([served, "large"], on=("unusable", "tool_error"), after=2, judge=agent.as_tool())
    assert_type(Agent("a", model="small", escalate=dearer).dearer_names, tuple[str, ...])
    assert_type(agent.replace(escalate=Escalate("large", judge=plain)), Agent)
    Agent("a", model="small", escalate="large")
    Escalate("large", on=("stuck",))  # type: ignore[arg-type]  # no such reason
    Escalate("large", judge=3)  # type: ignore[arg-type]  # neither a tool nor a function
    Agent("a", model=3)  # type: ignore[arg-type]  # neither a name nor a model


async def building(scripted: ScriptedModel) -> None:
    folder, out = Path("handbook"), Path("train")
    options = Options(
        teacher="support",
        judge="referee",
        wishes=Wishes(kinds=("factual", "why"), rounds=1),
        budget=Budget(usd=Decimal(5)),
        open_model={"support": scripted, "referee": scripted}.__getitem__,
        pii="refuse",
        evaluation_sets=(Path("exam.jsonl"),),
    )

    def watch(state: State) -> None:
        assert_type(state.n_accepted, int)

    report = await build(folder, out, options, watch)
    assert_type(report, Report)
    assert_type(report.acceptance.accepted, int)
    assert_type(report.usage.cost_usd, Decimal | None)
    assert_type(report.refusals, dict[str, int])
    assert_type(
        await compare(folder, out, {"one": options, "other": options.in_store("data.db")}), dict[str, Report]
    )
    assert_type(await work("data.db", options), None)
    assert_type(PromptSet.load(versions=["judge@1"]), PromptSet)
    async for found in read_folder(folder):
        assert_type(found, Document | Skipped)
    Options(judge="referee")  # type: ignore[call-arg]  # somebody has to write the answers
    Options(teacher="support", pii="shred")  # type: ignore[arg-type]  # there is no such policy


def rows(candidate: Candidate) -> None:
    assert_type(candidate.example, Example)
    assert_type(candidate.example.kind, Kind)
    assert_type(candidate.example.spans, tuple[Span, ...])
    assert_type(candidate.objections, tuple[Objection, ...])
    assert_type(candidate.verdict, Verdict | None)
    assert_type(candidate.is_accepted, bool)
    assert_type(write_dataset(Path("train"), format="sharegpt"), Dataset)
