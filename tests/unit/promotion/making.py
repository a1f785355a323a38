"""What the tests of promotions share: outcomes, files of them, settings, runs of a pool's members."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mainspring import Agent, ScriptedModel, ToolError, tool
from mainspring.core import OnDelta, Reply, Request
from mainspring.evals.kept import Header, Line
from mainspring.evals.outcome import Held, Outcome
from mainspring.models.scripted import Line as Spoken
from mainspring.runs import Runs

SETTINGS = """\
# Who answers customers.
[models.support]
provider = "local"  # on this machine
model = "large.gguf"

[models.tuned]
provider = "local"
model = "tuned.gguf"
"""


def held(scores: Sequence[float], model: str = "tuned", *, suite: str = "task", errors: int = 0) -> Held:
    """Make the outcomes of a model, the first of them without a decision."""
    outcomes = tuple(
        Outcome(case=f"case-{place}", score=score, error="nobody listens" if place < errors else "")
        for place, score in enumerate(scores)
    )
    return Held(suite=suite, suite_digest=f"digest of {suite}", model=model, outcomes=outcomes)


def kept(path: Path, scores: Sequence[float], model: str = "tuned") -> Path:
    """Write outcomes as `mainspring eval` keeps them."""
    of = held(scores, model)
    header = Header(
        suite=of.suite,
        suite_digest=of.suite_digest,
        model=model,
        at="2026-05-04",
        n_cases=len(scores),
        concurrency=1,
    )
    lines = [header, *(Line(outcome=outcome, by=model) for outcome in of.outcomes)]
    path.write_text("".join(f"{line.model_dump_json()}\n" for line in lines))
    return path


def settings(folder: Path, text: str = SETTINGS) -> Path:
    """Write a `mainspring.toml`."""
    path = folder / "mainspring.toml"
    path.write_text(text)
    return path


class Member(ScriptedModel):
    """A pool whose calls one member answers.

    Args:
        script: What it says.
        member: Who that is.
    """

    def __init__(self, script: Iterable[Spoken], member: str) -> None:
        super().__init__(script, name="support")
        self._member = member

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Say the next line in the member's name."""
        return replace(await super().ask(request, on_delta), member=self._member)


@tool(effect="none")
def look() -> str:
    """Look something up, in vain."""
    raise ToolError("there is nothing")


@tool(effect="money", approval=True)
def pay() -> str:
    """Pay, if a human says yes."""
    return "paid"


async def serve(runs: Runs, member: str, *scripts: list[Any], **settings: Any) -> None:
    """Have a run for each script, in which a member makes the decisions; whoever is asked for money says no."""
    for script in scripts:
        clerk = Agent("clerk", model=Member(script, member), tools=[look, pay], max_repairs=1, **settings)
        run = await runs.start(clerk, "go")
        async for _ in run.stream():
            pass
        for asked in await run.pending():
            await runs.inbox.deny(asked.id, by="boss")
            async for _ in run.stream():
                pass
