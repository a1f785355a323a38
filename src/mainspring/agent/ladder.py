"""Which model a run asks: a dearer one where the run goes wrong, a cheaper one where a budget wants that.

What is wanted follows from replies and results alone, and so is the same whenever the run is played again. What is
asked may be cheaper than that, by the word of a budget on the day.
"""

from decimal import Decimal
from typing import Final, TypeVar

from mainspring.agent.job import Job
from mainspring.core import NOTHING, Model, Priced, Usage
from mainspring.core.events import Escalated, EscalationReason

T = TypeVar("T")

_AFTER_TOOL_ERRORS: Final = 2
"""Steps in a row that have to fail by their tools before that says something of the model."""


class Ladder:
    """The models of a run, and how it goes with the one that is asked.

    Args:
        job: What the run works with.
    """

    def __init__(self, job: Job[T]) -> None:
        self.used = NOTHING
        """What the last model call took."""
        self.n_refused = 0
        """Answers of the wanted model that the judge refused, whatever came between."""
        self._models = job.models
        """The dearest first."""
        self._wanted = self._asked = len(job.models) - len(job.cheaper) - 1
        self._rules = job.escalation
        self._n_wrong = 0

    @property
    def model(self) -> Model:
        """The model to ask."""
        return self._models[self._asked]

    @property
    def wanted(self) -> Model:
        """The model to ask, were there no budget."""
        return self._models[self._wanted]

    def step_down(self) -> bool:
        """Ask the next cheaper model from here on; tells whether there is one."""
        is_last = self._asked == len(self._models) - 1
        self._asked += not is_last
        return not is_last

    def goes_well(self) -> None:
        """Take notice of a step that did not go wrong."""
        self._n_wrong = 0

    def goes_wrong(self, reason: EscalationReason, *, is_last: bool = False) -> bool:
        """Take notice of a step that went wrong, and tell whether a dearer model is to go on.

        Args:
            reason: In what way.
            is_last: Whether the run ends where none does.
        """
        self.n_refused += reason == "judge"
        rules = self._rules
        if rules is None or not self._wanted or (reason != "judge" and reason not in rules.on):
            return False
        if reason == "judge":
            return is_last or self.n_refused >= rules.after
        self._n_wrong += 1
        needed = max(rules.after, _AFTER_TOOL_ERRORS) if reason == "tool_error" else rules.after
        return is_last or self._n_wrong >= needed

    def escalated(self, turn: int, reason: EscalationReason, problem: str) -> Escalated:
        """Say that the next dearer model goes on."""
        dearer = self._models[self._wanted - 1]
        return Escalated(
            turn=turn,
            from_model=self.wanted.name,
            to_model=dearer.name,
            reason=reason,
            problem=problem,
            from_usd=_price(self.wanted, self.used),
            to_usd=_price(dearer, self.used),
        )

    def step_up(self, name: str) -> None:
        """Go on with the dearer model of that name; how it went before is not held against it."""
        self._wanted = self._asked = next(place for place, model in enumerate(self._models) if model.name == name)
        self._n_wrong = self.n_refused = 0


def _price(model: Model, usage: Usage) -> Decimal | None:
    """Give what a model takes for such a call; nobody knows where its tokens were not counted."""
    is_counted = bool(usage.input_tokens or usage.output_tokens)
    return model.price(usage) if is_counted and isinstance(model, Priced) else None
