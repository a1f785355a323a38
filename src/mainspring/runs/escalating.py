"""When a run escalates, as it is kept with the run: to which models, on what, and who judges its answers."""

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mainspring.agent import Agent
from mainspring.agent.escalate import Escalation, Trouble
from mainspring.agent.judge import Judge
from mainspring.core import Model, ToolSpec
from mainspring.core.errors import ConfigError


class Escalating(BaseModel):
    """What a run escalates under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    models: tuple[str, ...]
    """Dearer ones, in the order in which they are gone on with."""
    on: tuple[Trouble, ...]
    after: int
    judge: ToolSpec | None = None

    @classmethod
    def of(cls, agent: Agent) -> "Escalating | None":
        """Say when an agent escalates, without opening its models; None for never."""
        rules = agent.escalate
        if rules is None:
            return None
        judge = None if agent.judge is None else agent.judge.spec
        return cls(models=agent.dearer_names, on=tuple(sorted(rules.on)), after=rules.after, judge=judge)

    def present(self, agent: Agent, opened: Callable[[str], Model]) -> Escalation:
        """Give what a run goes on with: what it started under, and the agent's present judge.

        Raises:
            ConfigError: The agent has no judge of that name any more, or a model cannot be opened.
        """
        judge = agent.judge
        if self.judge is not None and (judge is None or judge.spec.name != self.judge.name):
            raise ConfigError(
                f"the run started with the judge {self.judge.name!r}, which agent {agent.name!r} does not have any "
                "more; give it back, or fork the run with the agent as it is"
            )
        known = None if self.judge is None or judge is None else Judge(self.judge, judge.tool)
        return self._over(tuple(map(opened, self.models)), known)

    def recorded(self, opened: Callable[[str], Model]) -> Escalation:
        """Give what a run is played with from its record alone."""
        judge = None if self.judge is None else Judge(self.judge)
        return self._over(tuple(map(opened, self.models)), judge)

    def _over(self, models: tuple[Model, ...], judge: Judge | None) -> Escalation:
        return Escalation(models, frozenset(self.on), self.after, judge)
