"""What the tests of evaluation share: suites in files, and results made by hand."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from pydantic import JsonValue

from mainspring.core import Act, Answer, Decision, Options, ToolCall, ToolSpec
from mainspring.evals import Held, Outcome
from mainspring.evals.scorer import Question, Verdict
from mainspring.evals.scorers import Judged, expected

ADD: JsonValue = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 1}},
            "required": ["a"],
        },
    },
}
SUM: JsonValue = {
    "id": "sum",
    "question": "What is 2 and 3?",
    "tools": [ADD],
    "expect": {"calls": [{"name": "add", "arguments": {"a": 2, "b": 3}}]},
    "tags": ["tools"],
}
CAPITAL: JsonValue = {
    "id": "capital",
    "question": "Capital of France?",
    "expect": {"answer": "Paris"},
    "tags": ["facts"],
}


def write_suite(path: Path, *rows: JsonValue) -> Path:
    """Write a file of cases."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def scored(
    scorer: str, expect: dict[str, JsonValue], decision: Decision | JsonValue, *tools: ToolSpec, source: str = ""
) -> Verdict:
    """Hold a decision, or an answer, against what is expected."""
    from mainspring.core import Message

    wanted = expected(scorer, expect)
    assert not isinstance(wanted, Judged)
    made = decision if isinstance(decision, Act | Answer) else Answer(value=decision)  # type: ignore[arg-type]
    return wanted.score(Question((Message.user(source or "?"),), Options(tools=tools)), made)


def calling(*calls: tuple[str, dict[str, JsonValue]]) -> Act:
    """Make a decision to call tools."""
    return Act(
        calls=tuple(
            ToolCall(id=f"c{place}", name=name, arguments=given) for place, (name, given) in enumerate(calls)
        )
    )


def held(
    model: str, scores: Sequence[float], *, seconds: float = 1.0, digest: str = "d", cost: str | None = "0.01"
) -> Held:
    """Make the results of a model, a case for each score."""
    return Held(
        suite="made",
        suite_digest=digest,
        model=model,
        outcomes=tuple(
            Outcome(
                case=f"c{place}",
                tags=("even" if place % 2 == 0 else "odd", f"doc:{place // 2}"),
                score=score,
                said=f"{model} says {score:g}",
                seconds=seconds,
                cost_usd=None if cost is None else Decimal(cost),
                input_tokens=100,
                output_tokens=10,
            )
            for place, score in enumerate(scores)
        ),
    )
