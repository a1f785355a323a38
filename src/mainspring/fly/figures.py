"""What a turn of the flywheel came to, in figures: how right each model is, how fast, and how much it computes.

Compute of a decision is `2 N (t_read + t_written)` floating-point operations, with N parameters and the tokens that
were read anew or written (2001.08361, section 2.1; attention is left out, which is small at a few hundred tokens).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Final, Literal

from mainspring.core import JsonObject
from mainspring.evals.comparing import Effort, compare, effort_of, score_of
from mainspring.evals.outcome import Held
from mainspring.fly.asking import ESCALATED
from mainspring.fly.flight import Landing, Side
from mainspring.models.files import fetch, load_catalog
from mainspring.train.weights import GgufFile

Which = Literal["teacher", "base", "tuned", "tuned, then teacher"]
_SIDES: Final[tuple[Side, ...]] = ("teacher", "base", "tuned")


@dataclass(frozen=True, slots=True)
class Line:
    """One model, or two of them together, on the held-out cases."""

    which: Which
    score: float
    low: float
    high: float
    n: int
    general: float | None
    """Score on other things."""
    seconds: float
    """Of a decision, on average."""
    seconds_p95: float
    tokens_read: float
    """Tokens of a decision that were not in the cache."""
    tokens_written: float
    gigaflop: float | None
    """Floating-point operations of a decision, in billions; None where the parameters are not known."""
    escalated: float = 0.0
    """Share of decisions that the teacher had to take over."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it."""

    lines: tuple[Line, ...]
    behind: float
    """How far the tuned model is behind the teacher, in points of the score; negative where it is ahead."""
    behind_low: float
    behind_high: float
    compute_ratio: float | None
    """The tuned model's compute of a decision in terms of the teacher's."""
    seconds_ratio: float
    by_tag: dict[str, dict[Which, float]]
    """Tag to model to score."""

    def line(self, which: Which) -> Line | None:
        """Give one model's line."""
        return next((one for one in self.lines if one.which == which), None)

    @property
    def document(self) -> JsonObject:
        """All of it for programs."""
        return asdict(self)


def figures_of(landing: Landing, models: Mapping[Side, str]) -> Figures:
    """Put a landing into figures.

    Args:
        landing: What came of a turn, evaluated.
        models: Side to the name of its model, to count parameters by.
    """
    task = landing.task
    compared = compare([task["teacher"], task["tuned"]])
    difference = compared.sides[1].difference
    assert difference is not None  # noqa: S101 - the second is no reference
    sizes = {side: parameters_of(model) for side, model in models.items()}
    lines = [_line(side, task[side], landing.general.get(side), sizes.get(side)) for side in _SIDES]
    if landing.together is not None:
        lines.append(_together(landing.together, lines))
    teacher, tuned = lines[0], lines[2]
    return Figures(
        lines=tuple(lines),
        behind=-difference.interval.estimate,
        behind_low=-difference.interval.high,
        behind_high=-difference.interval.low,
        compute_ratio=tuned.gigaflop / teacher.gigaflop if tuned.gigaflop and teacher.gigaflop else None,
        seconds_ratio=tuned.seconds / teacher.seconds if teacher.seconds else 0.0,
        by_tag={
            tag: {which: _score_on(tag, held) for which, held in _all(landing).items() if _has(tag, held)}
            for tag in sorted({tag for one in task["teacher"].outcomes for tag in one.tags})
        },
    )


def parameters_of(model: str) -> int | None:
    """Count a model's parameters, by the shapes in its file; None where it has none on this machine."""
    provider, _, name = model.rpartition(":")
    if provider not in ("", "local"):
        return None
    catalog = load_catalog()
    path = fetch(catalog[name]) if name in catalog else Path(name)
    if not path.is_file():
        return None
    return sum(prod(tensor.shape) for tensor in GgufFile(path).tensors.values())


def _all(landing: Landing) -> dict[Which, Held]:
    held: dict[Which, Held] = {side: landing.task[side] for side in _SIDES}
    return held if landing.together is None else {**held, "tuned, then teacher": landing.together}


def _line(which: Which, held: Held, general: Held | None, n_parameters: int | None) -> Line:
    score, effort = score_of(held.outcomes), effort_of(held.outcomes)
    read = effort.input_tokens - effort.cached_tokens
    return Line(
        which=which,
        score=score.interval.estimate,
        low=score.interval.low,
        high=score.interval.high,
        n=score.n,
        general=None if general is None else score_of(general.outcomes).interval.estimate,
        seconds=effort.seconds,
        seconds_p95=effort.seconds_p95,
        tokens_read=read,
        tokens_written=effort.output_tokens,
        gigaflop=None if n_parameters is None else _gigaflop(n_parameters, effort),
    )


def _together(held: Held, lines: list[Line]) -> Line:
    """Give the line of the agent: the tuned model always computes, the teacher where it had to take over."""
    share = sum(ESCALATED in one.tags for one in held.outcomes) / len(held.outcomes)
    line = _line("tuned, then teacher", held, None, None)
    teacher, tuned = lines[0].gigaflop, lines[2].gigaflop
    computed = None if teacher is None or tuned is None else tuned + share * teacher
    return Line(**{**asdict(line), "gigaflop": computed, "escalated": share})


def _has(tag: str, held: Held) -> bool:
    return any(tag in one.tags for one in held.outcomes)


def _score_on(tag: str, held: Held) -> float:
    return score_of([one for one in held.outcomes if tag in one.tags]).interval.estimate


def _gigaflop(n_parameters: int, effort: Effort) -> float:
    return 2 * n_parameters * (effort.input_tokens - effort.cached_tokens + effort.output_tokens) / 1e9
