"""Ask the sizer twenty questions with known answers and count the right ones: `make eval-sizer`."""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass

from apps.gpu_sizer import baselines
from apps.gpu_sizer.agent import agent as sizer
from apps.gpu_sizer.judge import Question, questions, says
from mainspring import Agent, MainspringError
from mainspring.core import Usage

DESIGNS = {"names": sizer, "numbers": baselines.number_tools, "none": baselines.no_tools}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question."""

    ask: str
    expect: float
    unit: str
    answer: str
    is_right: bool
    usage: Usage
    seconds: float


async def evaluate(agent: Agent, asked: list[Question]) -> list[Outcome]:
    """Ask one after the other, showing each outcome as it comes."""
    outcomes = []
    for place, question in enumerate(asked, 1):
        outcome = await _ask(agent, question)
        outcomes.append(outcome)
        mark = "right" if outcome.is_right else "WRONG"
        print(f"{place:2}/{len(asked)} {mark} {outcome.seconds:5.1f} s  {question.ask}", file=sys.stderr)
        print(f"         {outcome.answer}", file=sys.stderr, flush=True)
    return outcomes


async def _ask(agent: Agent, question: Question) -> Outcome:
    started = time.monotonic()
    run = agent.start(question.ask)
    try:
        answer = (await run).output
    except MainspringError as error:
        answer = f"error: {error}"
    return Outcome(
        ask=question.ask,
        expect=question.expect,
        unit=question.unit,
        answer=answer,
        is_right=says(answer, question),
        usage=run.usage,
        seconds=time.monotonic() - started,
    )


def main() -> None:
    """Run the evaluation from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--design", choices=DESIGNS, default="names", help="the sizer, or what it is measured against"
    )
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the questions to ask, from 1")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    arguments = parser.parse_args()
    asked = [
        question for place, question in enumerate(questions(), 1) if not arguments.only or place in arguments.only
    ]
    outcomes = asyncio.run(evaluate(DESIGNS[arguments.design], asked))
    n_right = sum(outcome.is_right for outcome in outcomes)
    total = sum((outcome.usage for outcome in outcomes), Usage())
    if arguments.json:
        rows = [asdict(outcome) for outcome in outcomes]
        print(json.dumps({"design": arguments.design, "right": n_right, "outcomes": rows}, indent=1, default=str))
        return
    seconds = sum(outcome.seconds for outcome in outcomes)
    print(f"{n_right} of {len(outcomes)} right ({arguments.design})")
    print(f"{total.model_calls} model calls, {total.tool_calls} tool calls, {seconds:.0f} s")
    print(f"{total.input_tokens:,} tokens read ({total.cached_tokens:,} cached), {total.output_tokens:,} written")


if __name__ == "__main__":
    main()
