"""A model that judges answers by a prompt file, and how often it is wrong, measured with controls.

Its verdict is yes or no: what is known of such a judge is a share of bad answers that it lets pass and of good ones
that it refuses, and with those two the share of good answers can be put right (`corrected` in `prevalence.py`).
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from mainspring.core import Answer, Decision, JsonObject, Message, Model, Options, Request, ToolCall
from mainspring.core.errors import ModelReplyError
from mainspring.evals.controls import Control
from mainspring.evals.outcome import JudgeRates
from mainspring.evals.scorer import RIGHT, Question, Verdict, answer_of, said_of, wrong
from mainspring.evals.scorers import Judged
from mainspring.evals.values import words_of
from mainspring.prompts import Prompt, load_versions

_FOLDER: Final = Path(__file__).parent / "prompts"
_NAME: Final = "eval_judge"
_FORM: Final[JsonObject] = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "meets": {"type": "boolean"}},
    "required": ["reason", "meets"],
    "additionalProperties": False,
}


class Judge:
    """Asks a model whether answers meet their criterion.

    Args:
        model: Whom it asks.
        prompt: How it asks; the shipped prompt file if not given.
    """

    def __init__(self, model: Model, prompt: Prompt | None = None) -> None:
        self.model = model
        self.prompt = prompt or shipped_prompt()
        self._options = Options(answer=_FORM)

    async def score(self, asked: Question, expected: Judged, decision: Decision) -> Verdict:
        """Judge a decision; one that is no answer is wrong without being judged.

        Raises:
            ModelError: The judge gave no verdict.
        """
        given = answer_of(decision)
        if isinstance(given, Verdict):
            return given
        return await self._verdict(asked, expected, words_of(said_of(decision)))

    async def measure(self, controls: Sequence[Control], *, n_cases: int, is_planted: bool) -> JudgeRates:
        """Put controls before the judge, and count where it is wrong.

        Args:
            controls: Answers of which is known whether they are good.
            n_cases: Cases that it is going to judge.
            is_planted: Whether the controls were made of the cases.

        Raises:
            ModelError: The judge cannot be asked.
        """
        n_accepted = {True: 0, False: 0}
        for control in controls:
            verdict = await self._verdict(control.asked, control.expected, words_of(control.said))
            n_accepted[control.is_good] += verdict == RIGHT
        n_good = sum(control.is_good for control in controls)
        return JudgeRates(
            model=self.model.name,
            n_cases=n_cases,
            n_good=n_good,
            n_bad=len(controls) - n_good,
            n_false_rejects=n_good - n_accepted[True],
            n_false_accepts=n_accepted[False],
            is_planted=is_planted,
        )

    async def _verdict(self, asked: Question, expected: Judged, answer: str) -> Verdict:
        words = self.prompt.render(
            {
                "conversation": _written(asked),
                "answer": answer,
                "criterion": expected.criterion,
                "right": expected.answer,
            }
        )
        message = Message.user(words)
        reply = await self.model.ask(Request([message], self._options, self.prompt.sampling, message.label))
        value = reply.decision.value if isinstance(reply.decision, Answer) else None
        if not isinstance(value, dict) or not isinstance(value.get("meets"), bool):
            raise ModelReplyError(f"the judge {self.model.name!r} gave no verdict: {said_of(reply.decision)!r}")
        return RIGHT if value["meets"] else wrong(str(value.get("reason") or "the judge refuses it"))


@cache
def shipped_prompt() -> Prompt:
    """Give the prompt file that judges are asked by unless another is named."""
    return load_versions(_FOLDER).pick(_NAME)


def _written(asked: Question) -> str:
    lines = []
    for message in asked.messages:
        words = message.text
        for call in message.calls:
            words += f"\n{_call(call)}"
        lines.append(f"{message.role}: {words.strip()}")
    return "\n".join(lines)


def _call(call: ToolCall) -> str:
    return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"
