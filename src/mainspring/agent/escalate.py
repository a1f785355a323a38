"""When a run goes on with a dearer model: what counts as going wrong, how often, and who judges its answers.

```python
Agent("clerk", model="small", escalate=Escalate("large", on=("unusable", "wrong_answer"), judge=check))
```
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from mainspring.agent.judge import Judge
from mainspring.agent.opening import Models, listed
from mainspring.core import Model
from mainspring.core.errors import ConfigError
from mainspring.tools import AnyTool

Trouble = Literal["unusable", "wrong_answer", "tool_error"]
"""`unusable`: a reply that could not be used. `wrong_answer`: an answer that does not fit the answer form.
`tool_error`: a step whose tool calls all came back as errors."""

_ALL: Final[tuple[Trouble, ...]] = get_args(Trouble)


@dataclass(frozen=True, slots=True)
class Escalate:
    """Goes on with a dearer model, for the rest of a run, where the one before is not up to it.

    Raises:
        ConfigError: It names no model, knows no reason, or the judge cannot be called.
    """

    to: Models | None
    """The dearer model by name or as it is; of a list the first, and the next whenever something says so again.
    None where there is only a judge: the model is told what that says, and mends its answer itself."""
    on: Collection[Trouble] = _ALL
    """What counts as going wrong, besides what the judge says."""
    after: int = 1
    """Steps in a row that have to go wrong, or answers that the judge has to refuse. Tools fail now and then,
    whoever calls them: a step that failed by its tools alone escalates from the second in a row on."""
    judge: AnyTool | Callable[..., object] | None = None
    """Says what is wrong with an answer: a tool, a plain function, or another agent (`as_tool()`). The answer is
    given to its parameter `answer`, or to the only one that it has besides `question`."""

    def __post_init__(self) -> None:
        if self.to is not None:
            listed(self.to)
        elif self.judge is None:
            raise ConfigError("there is no dearer model to escalate to; name one, or give a judge")
        if unknown := sorted(set(self.on) - set(_ALL)):
            raise ConfigError(f"nothing escalates on {unknown}; on=... takes any of {list(_ALL)}")
        if not self.on and self.judge is None:
            raise ConfigError("nothing would ever escalate: name a reason in on=..., or give a judge")
        if self.after < 1:
            raise ConfigError(f"after is {self.after}, but it takes at least one step to go wrong")
        if self.judge is not None:
            Judge.of(self.judge)


@dataclass(frozen=True, slots=True)
class Escalation:
    """The same as a run works with it: models opened, the judge ready to be called."""

    models: tuple[Model, ...]
    """Dearer ones, in the order in which they are gone on with."""
    on: frozenset[Trouble]
    after: int
    judge: Judge | None = None


def as_escalate(
    given: str | Model | Escalate | None, judge: AnyTool | Callable[..., object] | None = None
) -> Escalate | None:
    """Give what is said of escalating in full, where it is only a model, or only a judge.

    Raises:
        ConfigError: There are two judges.
    """
    rules = given if given is None or isinstance(given, Escalate) else Escalate(given)
    if judge is None:
        return rules
    if rules is None:
        return Escalate(None, judge=judge)
    if rules.judge is not None:
        raise ConfigError("judge=... is given, and escalate=Escalate(judge=...) too; give one of them")
    return replace(rules, judge=judge)
