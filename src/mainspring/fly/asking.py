"""A suite as an agent would ask it: under its instructions and with its tools; or by the agent, with all it does.

Cases of a suite say only what somebody wants and what is right. Which tools there are, and under which words a
model decides, is the agent's: what is measured is the decision that the agent would make with that model.
"""

from dataclasses import dataclass, replace

from mainspring.agent import Agent
from mainspring.core import Answer, Decision, Event, Message, Model, Options
from mainspring.core.errors import ConfigError, MainspringError, ModelUnavailable
from mainspring.core.events import Escalated, ModelReplied
from mainspring.evals.case import Case, Routine
from mainspring.evals.outcome import Outcome
from mainspring.evals.scorer import Scorer, said_of
from mainspring.evals.scorers import Judged
from mainspring.evals.suite import Suite

ESCALATED = "escalated"
"""The tag of what a dearer model had to decide."""


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

    What is scored is the last decision of a run. Cases with tools of their own, or that want a judge, are left out.

    Raises:
        ConfigError: No case is left.
    """
    cases = [
        Routine(one.id, _Run(agent, one, one.expected), one.tags)
        for one in suite.cases
        if isinstance(one, Case) and not isinstance(one.expected, Judged) and not one.asked.options.tools
    ]
    if not cases:
        raise ConfigError(f"no case of {suite.name!r} can be asked of the agent {agent.name!r}")
    return Suite(suite.name, cases, prompt=f"{agent.name} with all it does")


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
