"""A suite as an agent would ask it: under its instructions and with its tools; or by the agent, with all it does.

Cases of a suite say only what somebody wants and what is right. Which tools there are, and under which words a
model decides, is the agent's: what is measured is the decision that the agent would make with that model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import JsonValue, create_model

from mainspring.agent import Agent
from mainspring.core import Answer, Decision, Event, JsonObject, Message, Model, Options, ToolSpec
from mainspring.core.errors import ConfigError, MainspringError, ModelUnavailable
from mainspring.core.events import Escalated, ModelReplied
from mainspring.evals.case import Case, Routine
from mainspring.evals.outcome import Outcome
from mainspring.evals.scorer import Scorer, said_of
from mainspring.evals.scorers import Judged
from mainspring.evals.suite import Suite
from mainspring.tools import Annotation, AnyTool, Tool
from mainspring.tools.tool import DEFAULT_RESULT_CHARS, DEFAULT_TIMEOUT_S

ESCALATED: Final = "escalated"
"""The tag of what a dearer model had to decide."""
_HARMLESS: Final = frozenset({"none", "fetch"})


def as_asked_by(agent: Agent, suite: Suite) -> Suite:
    """Give a suite under an agent's instructions and with its tools; what a case says itself stays.

    Raises:
        ConfigError: The agent's prompt wants inputs, which cases do not have.
    """
    system = Message.system(agent.prompt.render())
    shown = Options(tools=tuple(tool.spec for tool in agent.tools.values()), max_calls=agent.max_calls)

    def case(one: Case | Routine) -> Case | Routine:
        if not isinstance(one, Case):
            return one
        said, options = one.asked.messages, one.asked.options
        messages = said if said[0].role == "system" else (system, *said)
        own = replace(options, max_calls=agent.max_calls) if options.tools else shown
        return replace(one, asked=replace(one.asked, messages=messages, options=own))

    label = f"{agent.prompt.name or agent.name} {agent.prompt.digest[:12]}"
    return replace(suite, cases=[case(one) for one in suite.cases], prompt=label)


def run_by(agent: Agent, suite: Suite) -> Suite:
    """Give a suite whose cases are runs of an agent, with its judge and the models it escalates to.

    What is scored is the last decision of a run. Nothing is acted on: a tool that changes something, or that only a
    case has, gives back what it is called with. Cases that want a judge of their own are left out.

    Raises:
        ConfigError: No case is left.
    """
    cases = [
        Routine(one.id, _Run(_harmless(agent, one.asked.options.tools), one, one.expected), one.tags)
        for one in suite.cases
        if isinstance(one, Case) and not isinstance(one.expected, Judged)
    ]
    if not cases:
        raise ConfigError(f"no case of {suite.name!r} can be asked of the agent {agent.name!r}")
    return Suite(suite.name, cases, prompt=f"{agent.name} with all it does")


def _harmless(agent: Agent, shown: Sequence[ToolSpec]) -> Agent:
    """Give an agent with the tools that a case shows, or else its own, none of which changes anything."""
    own = {name: known for name, known in agent.tools.items() if known.annotation.effect in _HARMLESS}
    specs = shown or [known.spec for known in agent.tools.values()]
    return agent.replace(tools=[own.get(spec.name) or _stand_in(spec) for spec in specs])


def _stand_in(spec: ToolSpec) -> AnyTool:
    """Make a tool of a description alone: what it is called with is the answer."""
    properties = spec.parameters.get("properties")
    fields: dict[str, Any] = dict.fromkeys(properties if isinstance(properties, dict) else (), (JsonValue, None))
    return Tool(
        function=_given_back,
        spec=spec,
        arguments=create_model(spec.name, **fields),
        annotation=Annotation("none", frozenset(), trusted=True),
        timeout_s=DEFAULT_TIMEOUT_S,
        max_result_chars=DEFAULT_RESULT_CHARS,
        is_async=False,
        answers=True,
    )


def _given_back(**arguments: JsonValue) -> JsonObject:
    return {name: value for name, value in arguments.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Run:
    agent: Agent
    case: Case
    expected: Scorer

    async def __call__(self, model: Model) -> Outcome:
        run = self.agent.replace(model=model).start(self.case.asked.messages[-1].text)
        try:
            usage = (await run).usage
        except ModelUnavailable:
            raise
        except MainspringError:
            usage = run.usage
        decision = _last_decision(run.events)
        if decision is None:
            return Outcome(case=self.case.id, score=0.0, why="it decided nothing")
        verdict = self.expected.score(self.case.asked, decision)
        return Outcome(
            case=self.case.id,
            tags=(ESCALATED,) if any(isinstance(event, Escalated) for event in run.events) else (),
            score=verdict.score,
            why=verdict.why,
            said=said_of(decision),
            input_tokens=usage.input_tokens,
            cached_tokens=usage.cached_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
        )


def _last_decision(events: tuple[Event, ...] | list[Event]) -> Decision | None:
    """Give what was decided last, an answer that only repeats what a tool gave left out."""
    decisions = [event.decision for event in events if isinstance(event, ModelReplied)]
    return next(
        (one for one in reversed(decisions) if not isinstance(one, Answer)), decisions[-1] if decisions else None
    )
