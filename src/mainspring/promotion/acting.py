"""What a promotion does, as tools: hold a model to a suite, open the gate or not, weigh a canary, give a share.

Each may be called again after a crash: results go on where they were cut off, and a share that is there already is
left as it is.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mainspring.core import JsonObject
from mainspring.core.errors import MainspringError, ToolError
from mainspring.evals.kept import read_kept
from mainspring.evals.loading import load_suite
from mainspring.evals.outcome import Value
from mainspring.evals.running import hold as hold_to
from mainspring.models import open_model
from mainspring.models.config import Settings, load_settings
from mainspring.promotion.canary import CanaryRule, Weighing
from mainspring.promotion.canary import weigh as weighed
from mainspring.promotion.gate import GateRule, Verdict
from mainspring.promotion.gate import gate as gated
from mainspring.promotion.live import Live
from mainspring.promotion.members import with_share
from mainspring.promotion.members import without as left_over
from mainspring.promotion.settings_file import SettingsFile
from mainspring.promotion.shares import Weighed
from mainspring.tools import Approval, idempotency_key, tool

_LONG_S: Final = 7 * 86_400.0
"""Holding a large model to many cases on a laptop takes as long as it takes."""


class Kept(Value):
    """A model that was held to a suite, and where the outcomes are."""

    results: Path
    suite: str
    model: str
    score: float
    n: int
    """Cases."""
    n_errors: int
    """Cases without a decision."""
    mean_s: float
    """Seconds of a decision."""


class Member(Value):
    """A member of a pool, as far as shares go."""

    name: str
    tier: int
    weight: float


class Shared(Value):
    """What a pool became."""

    settings: Path
    share: float
    """What the candidate has."""
    changed: bool
    """Whether anything had to be written."""
    before: tuple[Member, ...]
    after: tuple[Member, ...]


@tool(effect="fetch", authority=[], trusted=True, timeout_s=_LONG_S)
async def hold(model: str, suite: str, settings: Path, without: str, folder: Path, concurrency: int) -> JsonObject:
    """Hold a model to a suite of cases, and keep what it decides.

    Args:
        model: The model.
        suite: The suite.
        settings: The mainspring.toml that both are looked up in.
        without: A member of the model's pool that is left out.
        folder: Where results are kept.
        concurrency: Cases at once.
    """
    run, _, place = idempotency_key().partition(":")
    kept = folder / "promotions" / _slug(run) / f"{_slug(place)}-{_slug(model)}.jsonl"
    with _told():
        opened = open_model(model, _settings(settings, model, without))
        held = await hold_to(load_suite(suite), opened, concurrency=concurrency, kept=kept)
    n = len(held.outcomes)
    return Kept(
        results=kept,
        suite=held.suite,
        model=held.model,
        score=held.score,
        n=n,
        n_errors=sum(bool(one.error) for one in held.outcomes),
        mean_s=sum(one.seconds for one in held.outcomes) / n if n else 0.0,
    ).model_dump(mode="json")


@tool(effect="none", authority=[], trusted=True)
def gate(results: list[Path], rule: GateRule) -> JsonObject:
    """Say by kept results whether a candidate may take the present model's place.

    Args:
        results: The candidate's file and the present model's; those of the general suite, if there are any.
        rule: What has to be reached.
    """
    with _told():
        candidate, present, *general = (read_kept(path).held for path in results)
        general_candidate, general_present = general or (None, None)
        verdict: Verdict = gated(candidate, present, general_candidate, general_present, rule)
    return verdict.model_dump(mode="json")


@tool(effect="none", authority=[], trusted=True)
def weigh(live: Live, model: str, share: float, rule: CanaryRule) -> JsonObject:
    """Say by live results what is to become of a canary.

    Args:
        live: What the members of its pool did since its share was given.
        model: The canary.
        share: What it has.
        rule: What decides.
    """
    weighing: Weighing = weighed(live, model, share, rule)
    return weighing.model_dump(mode="json")


def _question(arguments: JsonObject) -> str:
    share = float(str(arguments["share"]))
    return f"May {arguments['model']} have {share:.0%} of {arguments['pool']}? {arguments['because']}"


@tool(
    name="share",
    effect="write",
    in_doubt="retry",
    trusted=True,
    approval=Approval(when=lambda arguments: bool(arguments["asks"]), question=_question),
)
def give_share(  # noqa: PLR0913, PLR0917 - what a call is told stands in the record
    share: float,
    model: str,
    pool: str,
    settings: Path,
    kept_as: str,
    because: str,  # noqa: ARG001 - for the record, and for the human who is asked
    asks: bool,  # noqa: ARG001 - says whether a human is asked
) -> JsonObject:
    """Give a candidate a share of a pool's calls.

    Args:
        share: From 0 to 1.
        model: The candidate.
        pool: The pool.
        settings: The mainspring.toml.
        kept_as: A name under which those that were there before can be asked alone.
        because: What speaks for it.
        asks: Whether a human has to say yes.
    """
    file = SettingsFile(settings)
    with _told():
        change = with_share(file.models(), pool, model, share, kept_as=kept_as)
        changed = file.change(lambda models: with_share(models, pool, model, share, kept_as=kept_as).models)
    return Shared(
        settings=settings,
        share=share,
        changed=changed,
        before=_members(change.before),
        after=_members(change.after),
    ).model_dump(mode="json")


def _settings(path: Path, model: str, left_out: str) -> Settings:
    """Read the settings, with a member left out of the model's pool."""
    settings = load_settings(path)
    if not left_out or model not in settings.models:
        return settings
    models = SettingsFile(path).models()
    changed = Settings.model_validate({"models": {model: left_over(models, model, left_out)}}).models
    return settings.model_copy(update={"models": {**settings.models, **changed}})


def _members(members: tuple[Weighed, ...]) -> tuple[Member, ...]:
    return tuple(Member(name=one.name, tier=one.tier, weight=one.weight) for one in members)


def _slug(words: str) -> str:
    return re.sub(r"[^\w.-]+", "-", words).strip("-")


@contextmanager
def _told() -> Iterator[None]:
    """Turn what a person can mend into a result in words."""
    try:
        yield
    except ToolError:
        raise
    except MainspringError as error:
        raise ToolError(str(error)) from error
