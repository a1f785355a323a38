"""Models side by side on the same cases: how right, how fast, how dear, and which cases one gained or lost.

What is compared is the same work: results of other cases, or of fewer, are refused rather than averaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath

from mainspring.core.errors import ConfigError
from mainspring.evals.bootstrap import Interval
from mainspring.evals.intervals import difference_interval, mean_interval
from mainspring.evals.outcome import Held, Outcome
from mainspring.evals.prevalence import corrected, unreliable


@dataclass(frozen=True, slots=True)
class Score:
    """How right a model was on some of the cases."""

    n: int
    interval: Interval
    n_right: int
    """Cases that are wholly right."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a model did against the reference, on the same cases."""

    interval: Interval
    gained: tuple[str, ...]
    """Cases that it has right and the reference has not."""
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """What decisions take, on average unless said; of cases without an error."""

    seconds: float
    seconds_p50: float
    seconds_p95: float
    input_tokens: float
    cached_tokens: float
    output_tokens: float
    cost_usd: Decimal | None
    """US dollars of a decision; None where a price is not known."""


@dataclass(frozen=True, slots=True)
class Side:
    """One model in a comparison."""

    name: str
    """The model, and the prompt where prompts are compared."""
    held: Held
    score: Score
    tags: dict[str, Score]
    effort: Effort
    n_errors: int
    difference: Difference | None
    """None for the reference."""
    seconds_ratio: float | None
    """Seconds of a decision in terms of the reference's."""
    cost_ratio: float | None
    """Dollars of a decision in terms of the reference's; None where one is not known, or that is free."""
    judge_note: str
    """What is to be said of the judge's part in the score."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models held to one suite."""

    suite: str
    suite_digest: str
    sides: tuple[Side, ...]
    against: int
    """Which side is the reference."""

    @property
    def reference(self) -> Side:
        """The side that the others are held against."""
        return self.sides[self.against]


def compare(held: Sequence[Held], against: int = 0, *, cluster: str = "") -> Comparison:
    """Compare what models made of the same suite.

    Args:
        held: One a model; differences are taken where they answered the same cases.
        against: Which of them is the reference.
        cluster: The beginning of a tag that says which cases belong together, as `document:`.

    Raises:
        ConfigError: They are of other suites or of other cases, or there is nothing in them.
    """
    if not held:
        raise ConfigError("there is nothing to compare")
    for one in held:
        _check(one, held[against])
    names = _names(held)
    sides = tuple(
        _side(name, one, None if place == against else held[against], cluster)
        for place, (name, one) in enumerate(zip(names, held, strict=True))
    )
    return Comparison(held[against].suite, held[against].suite_digest, sides, against)


def score_of(outcomes: Sequence[Outcome], cluster: str = "") -> Score:
    """Give the mean score of outcomes and its interval."""
    scores = [one.score for one in outcomes]
    interval = mean_interval(scores, _clusters(outcomes, cluster))
    return Score(len(outcomes), interval, sum(score == 1 for score in scores))


def effort_of(outcomes: Sequence[Outcome]) -> Effort:
    """Give what decisions took."""
    answered = [one for one in outcomes if not one.error] or list(outcomes)
    seconds = sorted(one.seconds for one in answered)
    costs = [one.cost_usd for one in answered]
    known = [cost for cost in costs if cost is not None]
    n = len(answered)
    return Effort(
        seconds=sum(seconds) / n,
        seconds_p50=_rank(seconds, 0.5),
        seconds_p95=_rank(seconds, 0.95),
        input_tokens=sum(one.input_tokens for one in answered) / n,
        cached_tokens=sum(one.cached_tokens for one in answered) / n,
        output_tokens=sum(one.output_tokens for one in answered) / n,
        cost_usd=sum(known, Decimal(0)) / n if len(known) == n else None,
    )


def _side(name: str, held: Held, reference: Held | None, cluster: str) -> Side:
    outcomes = held.outcomes
    score, note = _judged(held, score_of(outcomes, cluster))
    tags = sorted({tag for one in outcomes for tag in one.tags})
    effort = effort_of(outcomes)
    others = None if reference is None else effort_of(reference.outcomes)
    return Side(
        name=name,
        held=held,
        score=score,
        tags={tag: score_of([one for one in outcomes if tag in one.tags], cluster) for tag in tags},
        effort=effort,
        n_errors=sum(bool(one.error) for one in outcomes),
        difference=None if reference is None else _difference(held, reference, cluster),
        seconds_ratio=None if others is None else _ratio(effort.seconds, others.seconds),
        cost_ratio=None if others is None else _ratio(effort.cost_usd, others.cost_usd),
        judge_note=note,
    )


def _judged(held: Held, score: Score) -> tuple[Score, str]:
    """Put a score right for the errors of the judge, where all of it is the judge's and they are known."""
    rates = held.judge
    if rates is None:
        return score, ""
    if problem := unreliable(rates):
        return score, f"not to be relied on: {problem}"
    if rates.n_cases != len(held.outcomes):
        return (
            score,
            f"{rates.n_cases} of {len(held.outcomes)} cases are judged, and not corrected for the judge's errors",
        )
    made = "made of the cases' right answers, which are easy to tell apart" if rates.is_planted else "its controls"
    note = (
        f"corrected for the judge, which refused {rates.n_false_rejects} of {rates.n_good} good and passed "
        f"{rates.n_false_accepts} of {rates.n_bad} bad controls ({made}); uncorrected {score.interval.estimate:.1%}"
    )
    return Score(score.n, corrected(score.n_right, score.n, rates), score.n_right), note


def _difference(held: Held, reference: Held, cluster: str) -> Difference:
    others = {one.case: one for one in reference.outcomes}
    pairs = [(one, others[one.case]) for one in held.outcomes]
    interval = difference_interval(
        [one.score for one, _ in pairs], [other.score for _, other in pairs], _clusters(held.outcomes, cluster)
    )
    return Difference(
        interval,
        tuple(one.case for one, other in pairs if one.score == 1 and other.score < 1),
        tuple(one.case for one, other in pairs if one.score < 1 and other.score == 1),
    )


def _check(one: Held, reference: Held) -> None:
    if not one.outcomes:
        raise ConfigError(f"the results of {one.model!r} hold no outcome; hold it to the suite first")
    if one.suite_digest != reference.suite_digest:
        raise ConfigError(
            f"{one.model!r} was held to other cases ({one.suite!r}, {one.suite_digest[:12]}) than "
            f"{reference.model!r} ({reference.suite!r}, {reference.suite_digest[:12]}): two suites, or one "
            "that changed in between; hold both to it again"
        )
    mine, theirs = ({outcome.case for outcome in each.outcomes} for each in (one, reference))
    if missing := len(mine ^ theirs):
        raise ConfigError(
            f"{one.model!r} and {reference.model!r} did not answer the same cases: {missing:,} have an outcome of "
            "one of them only; let the run that was cut off go on"
        )


def _names(held: Sequence[Held]) -> list[str]:
    """Give each a name of its own: the model, the prompt where that varies, a number where nothing does."""
    models, prompts = {one.model for one in held}, {one.prompt for one in held}
    names = []
    for one in held:
        prompt = one.prompt.split()[0] if one.prompt else "own prompts"
        parts = [_short(one.model)] if len(models) > 1 or len(prompts) == 1 else []
        names.append(" ".join([*parts, *([prompt] if len(prompts) > 1 else [])]))
    return [f"{name} ({names[:place].count(name) + 1})" if names.count(name) > 1 else name
            for place, name in enumerate(names)]  # fmt: skip


def _short(model: str) -> str:
    """Give a model's name; of a file's long path the file and its folder."""
    provider, colon, name = model.partition(":")
    path = PurePath(name)
    is_long = path.suffix == ".gguf" and len(path.parts) > 2
    return f"{provider}{colon}…/{path.parent.name}/{path.name}" if is_long else model


def _clusters(outcomes: Sequence[Outcome], cluster: str) -> list[str] | None:
    if not cluster:
        return None
    return [next((tag for tag in one.tags if tag.startswith(cluster)), one.case) for one in outcomes]


def _ratio(one: float | Decimal | None, other: float | Decimal | None) -> float | None:
    return float(one) / float(other) if one is not None and other else None


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
