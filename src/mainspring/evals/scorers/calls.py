"""The right tools are called, with the right arguments; calls side by side are a set with repetitions."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import Field

from mainspring.core import Act, Answer, Decision, JsonObject, ToolCall, ToolSpec
from mainspring.evals.outcome import Value
from mainspring.evals.scorer import RIGHT, Question, Verdict, wrong
from mainspring.evals.scorers.arguments import Compared, compare_arguments

_MOST_CALLS: Final = 12
"""Calls that a case may expect: which is which is found by trying all ways of pairing them."""
_SAID_CHARS: Final = 80

Pairing = tuple[float, tuple[tuple[int, int], ...]]
"""How much is right in all, and which call is taken for which expected one."""


class ExpectedCall(Value):
    """A call that is right."""

    name: str
    arguments: JsonObject = Field(default_factory=dict)
    """Values; `{"any": [...]}` gives alternatives, and `{"ignore": true}` takes any."""


class Calls(Value):
    """Which calls the model has to make in this step."""

    calls: Annotated[tuple[ExpectedCall, ...], Field(min_length=1, max_length=_MOST_CALLS)]

    def score(self, asked: Question, decision: Decision) -> Verdict:
        """Pair the calls with the expected ones as well as can be; the score is the share of right arguments."""
        names = ", ".join(call.name for call in self.calls)
        match decision:
            case Answer(value=value):
                return wrong(f"it answers {str(value)[:_SAID_CHARS]!r} instead of calling {names}")
            case Act(calls=made):
                return self._held(made, {tool.name: tool for tool in asked.options.tools})
            case _:
                return wrong(f"the reply cannot be used: {decision.reason}")

    def _held(self, made: Sequence[ToolCall], tools: Mapping[str, ToolSpec]) -> Verdict:
        compared = {
            (place, number): compare_arguments(call.arguments, expected.arguments, tools.get(call.name))
            for place, call in enumerate(made)
            for number, expected in enumerate(self.calls)
            if call.name == expected.name
        }
        total, pairs = _best(len(made), len(self.calls), compared)
        problems = [
            *(f"{made[place].name}: {problem}" for place, number in pairs
              for problem in compared[place, number].problems),
            *(f"it does not call {expected.name}" for number, expected in enumerate(self.calls)
              if all(number != taken for _, taken in pairs)),
            *(f"it calls {call.name}, which is not expected" for place, call in enumerate(made)
              if all(place != taken for taken, _ in pairs)),
        ]  # fmt: skip
        if not problems:
            return RIGHT
        return Verdict(total / max(len(made), len(self.calls)), "; ".join(problems))


def _best(n_made: int, n_expected: int, compared: Mapping[tuple[int, int], Compared]) -> Pairing:
    """Find the pairing with the most right arguments; `found` has the best one for each set of expected calls."""
    found: dict[int, Pairing] = {0: (0.0, ())}
    for place in range(n_made):
        for taken, (total, pairs) in list(found.items()):
            for number in range(n_expected):
                fits = compared.get((place, number))
                if fits is None or taken & (1 << number):
                    continue
                more = (total + fits.share, (*pairs, (place, number)))
                known = found.get(taken | (1 << number))
                if known is None or more[0] > known[0]:
                    found[taken | (1 << number)] = more
    return max(found.values(), key=lambda pairing: (pairing[0], len(pairing[1])))
