"""What a run may spend.

A budget is a limit that is asked before spending: the worst case of a call is reserved before it, the truth is
settled after it. A limit of 0 means 0; a limit that is not given does not count.
"""

from decimal import Decimal
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

BudgetField = Literal["usd", "input_tokens", "output_tokens", "model_calls", "tool_calls", "wall_s"]
BUDGET_FIELDS: Final[tuple[BudgetField, ...]] = get_args(BudgetField)

WhenSpent = Literal["stop", "ask", "degrade"]
"""What happens to a call that does not fit: the run ends, a human is asked for more, or the next model of the
agent's list is tried (and the run ends where there is none)."""


class Budget(BaseModel):
    """Limits on what a run, and whatever it starts, may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd: Decimal | None = Field(default=None, ge=0)
    """US dollars. A model whose price is not known is refused under such a limit."""
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    model_calls: int | None = Field(default=None, ge=0)
    tool_calls: int | None = Field(default=None, ge=0)
    wall_s: float | None = Field(default=None, ge=0)
    """Seconds of work, over all attempts; waiting for humans, timers and other runs does not count."""
    when_spent: WhenSpent = "stop"
