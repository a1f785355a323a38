"""The arguments of a tool call compared as values: in any order, a default the same as leaving it out.

What is compared is the parsed call, never its text; the idea is that of the AST checker of the Berkeley Function
Calling Leaderboard (Patil et al., ICML 2025).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue

from mainspring.core import JsonObject, ToolSpec
from mainspring.evals.values import same

_LEFT_OUT: Final = object()


@dataclass(frozen=True, slots=True)
class Compared:
    """How right the arguments of a call are."""

    n: int
    """How many count."""
    problems: tuple[str, ...]
    """What is wrong, one for each wrong argument."""

    @property
    def share(self) -> float:
        """The share that is right; all of none."""
        return 1 - len(self.problems) / self.n if self.n else 1.0


def compare_arguments(given: JsonObject, wanted: JsonObject, tool: ToolSpec | None) -> Compared:
    """Compare the arguments of a call with what is expected.

    Args:
        given: As the model wrote them.
        wanted: Values; `{"any": [...]}` for alternatives, `{"ignore": true}` where any value or none is right.
        tool: What was called, for its defaults.
    """
    defaults = _defaults(tool)
    n, problems = 0, []
    for name in sorted(given.keys() | wanted.keys()):
        value = given.get(name, defaults.get(name, _LEFT_OUT))
        right = wanted.get(name, defaults.get(name, _LEFT_OUT))
        if _is_ignored(right) or (name not in wanted and right is not _LEFT_OUT and same(value, right)):
            continue
        n += 1
        if problem := _problem(name, value, right):
            problems.append(problem)
    return Compared(n, tuple(problems))


def _problem(name: str, value: Any, right: Any) -> str:
    if right is _LEFT_OUT:
        return f"{name} should be left out"
    rights = _alternatives(right)
    if value is _LEFT_OUT:
        return f"{name} is missing"
    if any(same(value, one) for one in rights):
        return ""
    return f"{name} is {value!r} instead of {' or '.join(map(repr, rights))}"


def _alternatives(right: JsonValue) -> list[JsonValue]:
    if isinstance(right, dict) and right.keys() == {"any"} and isinstance(right["any"], list):
        return right["any"]
    return [right]


def _is_ignored(right: Any) -> bool:
    return isinstance(right, dict) and right.keys() == {"ignore"} and right["ignore"] is True


def _defaults(tool: ToolSpec | None) -> Mapping[str, Any]:
    properties: Any = {} if tool is None else tool.parameters.get("properties", {})
    return {name: of["default"] for name, of in properties.items() if isinstance(of, dict) and "default" in of}
