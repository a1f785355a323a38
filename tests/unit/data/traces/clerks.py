"""What the tests of traces share: a clerk whose runs go many ways, and how its runs are taken."""

from collections.abc import Iterable
from typing import Any

from mainspring import Agent, ToolError, ask_human, tool, use
from mainspring.core import Label, Message, Request
from mainspring.data import Candidate
from mainspring.data.traces import Counts, Taking, traces
from mainspring.runs import DurableRun, Runs
from tests.unit.runs.making import plays, the_question


@tool(effect="fetch")
def look(q: str) -> str:
    """Look something up."""
    if q == "nothing":
        raise ToolError("there is nothing")
    return f"all about {q}"


@tool(effect="money", approval=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def clerk(*lines: Any, name: str = "clerk", instructions: str = "You are a clerk.", **settings: Any) -> Agent:
    """Make an agent that says a line each turn."""
    tools = [look, pay, ask_human(), *settings.pop("tools", ())]
    model = settings.pop("model", None) or plays(lines)
    return Agent(name, instructions=instructions, model=model, tools=tools, **settings)


def family(n_tasks: int) -> Agent:
    """Make a clerk that hands tasks to another agent."""
    helper = Agent("helper", model=plays([f"Helped {n_tasks}."]), description="Helps.")
    lines = [[use("helper", task=f"task {n} of {n_tasks}") for n in range(n_tasks)], "All done."]
    return Agent("clerk", model=plays(lines), tools=[helper.as_tool()])


def found(request: Request) -> str:
    """Answer with what was looked up."""
    return f"I found {request.messages[-1].text}."


async def finished(run: DurableRun[Any]) -> str:
    """Drive a run to its end, and give its id."""
    async for _ in run.stream():
        pass
    return run.id


async def answered(runs: Runs, words: str = "Hello?", *lines: Any, **terms: Any) -> str:
    """Have a clerk answer some words."""
    return await finished(await runs.start(clerk(*(lines or (f"An answer to {words}",))), words, **terms))


async def paid(runs: Runs, verdict: str, words: str = "Pay them.", **terms: Any) -> str:
    """Have a clerk pay, and a human say whether it may."""
    run = await runs.start(clerk(use("pay", amount=3), f"{verdict}: {words}"), words, **terms)
    question = (await the_question(run)).id
    match verdict:
        case "approve":
            await runs.inbox.approve(question, by="ada")
        case "deny":
            await runs.inbox.deny(question, by="ada", reason="too much")
        case _:
            await runs.inbox.edit(question, {"amount": 2}, by="ada")
    return await finished(run)


def secret(words: str) -> Message:
    """Write words that only some may read."""
    return Message.user(words, Label(integrity="trusted", confidentiality="secret", sources=("user",)))


async def taken(
    runs: Runs, where: str = "finished", *, agent: str = "clerk", counts: Counts | None = None, **taking: Any
) -> list[Candidate]:
    """Take the runs of an agent."""
    return [
        candidate
        async for candidate in traces(runs, agent=agent, where=where, taking=Taking(**taking), counts=counts)
    ]


def runs_of(candidates: Iterable[Candidate]) -> list[str]:
    """Say which runs candidates come from."""
    return [candidate.provenance.run for candidate in candidates]


def said(candidate: Candidate) -> list[tuple[object, object]]:
    """Give who said what; for a call, its name and arguments."""
    return [(message["role"], message["content"] or _calls(message)) for message in candidate.messages]


def _calls(message: dict[str, Any]) -> list[tuple[str, str]]:
    return [(call["function"]["name"], call["function"]["arguments"]) for call in message["tool_calls"]]
