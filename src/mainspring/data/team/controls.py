"""Controls: pairs that are known to be good or bad, put before the judge as any other, to measure it.

The shipped ones (`controls.toml`) measure a judge before it is relied on: one that lets too many bad answers pass
does not count. Those that are planted in a build are examples of its own documents, spoilt by code.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field

from mainspring.core.errors import ModelReplyError
from mainspring.data.calls import key_of
from mainspring.data.cutting import sentences
from mainspring.data.document import Document, Value
from mainspring.data.example import Example
from mainspring.data.passage import Passage
from mainspring.data.team.answers import Judged
from mainspring.data.team.members import Team
from mainspring.data.team.wording import Shown

_FILE: Final = Path(__file__).parent / "controls.toml"
_NUMBER: Final = re.compile(r"\d+")


class Control(Value):
    """A question and its answer, of which is known whether a judge should accept them."""

    text: str
    question: str
    answer: str
    is_good: bool
    fault: str = ""
    """What is wrong with it."""


class Rates(Value):
    """How a judge did with controls."""

    VERSION: ClassVar = 1

    model: str
    n_good: int = 0
    n_bad: int = 0
    n_false_rejects: int = 0
    """Good ones that it refused."""
    n_false_accepts: int = 0
    """Bad ones that it let pass."""
    missed: dict[str, int] = Field(default_factory=dict)
    """What was wrong with those that it let pass, and how often."""

    @property
    def false_accept_rate(self) -> float | None:
        """The share of bad ones that it let pass; None where there were none."""
        return self.n_false_accepts / self.n_bad if self.n_bad else None

    @property
    def false_reject_rate(self) -> float | None:
        """The share of good ones that it refused; None where there were none."""
        return self.n_false_rejects / self.n_good if self.n_good else None

    def counts(self, most_false_accepts: float, most_false_rejects: float) -> bool:
        """Tell whether the judge is to be relied on: it was measured, and is within both bounds."""
        accepts, rejects = self.false_accept_rate, self.false_reject_rate
        if accepts is None or rejects is None:
            return False
        return accepts <= most_false_accepts and rejects <= most_false_rejects

    def __add__(self, other: "Rates") -> "Rates":
        missed = {
            fault: self.missed.get(fault, 0) + other.missed.get(fault, 0)
            for fault in sorted({*self.missed, *other.missed})
        }
        return Rates(
            model=self.model or other.model,
            n_good=self.n_good + other.n_good,
            n_bad=self.n_bad + other.n_bad,
            n_false_rejects=self.n_false_rejects + other.n_false_rejects,
            n_false_accepts=self.n_false_accepts + other.n_false_accepts,
            missed=missed,
        )


@cache
def shipped() -> tuple[Control, ...]:
    """Give the shipped controls, good and bad ones in turn."""
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(Control(text=text["text"], **pair) for text in found["texts"] for pair in text["pairs"])


def chosen(n: int) -> list[Control]:
    """Choose so many of the shipped controls, as many good as bad ones, of texts and faults as mixed as can be."""
    ordered = sorted(
        shipped(), key=lambda control: key_of("control", control.text, control.question, control.answer)
    )
    good = [control for control in ordered if control.is_good]
    bad = [control for control in ordered if not control.is_good]
    return [control for pair in zip(good, bad, strict=False) for control in pair][:n]


async def measure(team: Team, control: Control) -> Rates:
    """Put a control before the judge; a reply that cannot be read counts as a refusal.

    Raises:
        ModelError: The judge cannot be asked.
        BudgetError: The budget does not cover the call.
    """
    assert team.judge is not None  # noqa: S101 - whoever has none does not measure
    try:
        said = (await team.verdict(_shown(control), control.question, control.answer)).value
    except ModelReplyError:
        said = Judged(supported=False, answers=False, stands_alone=False)
    return measured(team.judge.model.name, control, said)


def measured(model: str, control: Control, judged: Judged) -> Rates:
    """Say how a judge did with a control."""
    let_pass = judged.is_good and not control.is_good
    return Rates(
        model=model,
        n_good=int(control.is_good),
        n_bad=int(not control.is_good),
        n_false_rejects=int(control.is_good and not judged.is_good),
        n_false_accepts=int(let_pass),
        missed={control.fault: 1} if let_pass else {},
    )


def is_planted(example: Example, share: float) -> bool:
    """Choose by its id whether an example is to be shown to the judge once more, spoilt."""
    return int(example.id[:8], 16) < share * 16**8


def spoilt(example: Example, others: Sequence[Example]) -> Control | None:
    """Spoil the answer of a good example: another number, or another question's answer.

    Args:
        example: What is good.
        others: Of the same passages.

    Returns:
        The control; None where nothing can be spoilt.
    """
    if (number := _NUMBER.search(example.answer)) is not None:
        wrong = f"{int(number[0]) * 2 + 1}"
        return _control(
            example, f"{example.answer[: number.start()]}{wrong}{example.answer[number.end() :]}", "number"
        )
    for other in others:
        if other.id != example.id and other.spans != example.spans and other.answer != example.answer:
            return _control(example, other.answer, "other question")
    return None


def _control(example: Example, answer: str, fault: str) -> Control:
    return Control(text="", question=example.question, answer=answer, is_good=False, fault=fault)


def _shown(control: Control) -> Shown:
    document = Document(name="control", kind="text", digest="", text=control.text)
    passage = Passage(
        document=document.id,
        place=0,
        start=0,
        end=len(control.text),
        text=control.text,
        sentences=tuple(sentences(control.text)),
    )
    return Shown.of(document, [passage])
