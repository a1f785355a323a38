"""How a run makes room in its conversation, as it is kept with the run: the window, the shares, who sums up."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from mainspring.agent import Agent
from mainspring.agent.context import Compaction


class Compacting(BaseModel):
    """What a run makes room under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    window_tokens: int | None
    """What was known of the window when the run began."""
    compact_at: float
    keep: float
    result_bytes: int
    summarizer: str
    """Name of the agent that writes summaries."""
    summarizer_tokens: int | None
    trusted: bool

    @classmethod
    def of(cls, rules: Compaction | None) -> "Compacting | None":
        """Say how a run makes room; None for not at all."""
        if rules is None:
            return None
        return cls(**{name: getattr(rules, name) for name in cls.model_fields if name != "version"})

    def present(self, agent: Agent) -> Compaction:
        """Give what a run goes on with: what it started under, and the agent's present summarizer.

        Where the agent has none any more, messages are left out without a summary.
        """
        return self._over(agent.compaction)

    def recorded(self) -> Compaction:
        """Give what a run is played with from its record alone."""
        return self._over(None)

    def is_as(self, agent: Agent) -> bool:
        """Tell whether an agent makes room in the same way, as far as it says how."""
        context, summarizer = agent.context, agent.summarizer
        if context is None or summarizer is None:
            return False
        told = (context.compact_at, context.keep, context.result_bytes, summarizer.name)
        known = (self.compact_at, self.keep, self.result_bytes, self.summarizer)
        return told == known and context.window_tokens in {None, self.window_tokens}

    def _over(self, now: Compaction | None) -> Compaction:
        settings = self.model_dump(exclude={"version"})
        if now is None:
            return Compaction(**settings)
        return Compaction(**settings, tool=now.tool, models=now.models)
