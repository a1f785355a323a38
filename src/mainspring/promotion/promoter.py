"""The promoter: an agent whose model is a routine, so that every decision is a run with its figures in it.

promotion = [hold the candidate, the present model, both on other things] -> gate -> [a human's yes] -> share
canary    = weigh -> [a human's yes, to widen] -> share

A run that is cut off goes on at the step it was at, whichever process takes it up:
`mainspring runs resume RUN --agent mainspring.promotion:promoter`.
"""

from typing import Final

from pydantic import JsonValue

from mainspring.agent import Agent
from mainspring.core import ToolCall
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.promotion.acting import Kept, Shared, gate, give_share, hold, weigh
from mainspring.promotion.canary import Weighing
from mainspring.promotion.gate import Verdict
from mainspring.promotion.orders import CanaryReview, Promotion, read_order

NAME: Final = "promotion"
_UNMEASURED: Final = "It was held to no suite: nothing but a human's word speaks for it."


def _routine(task: str) -> Routine:
    order = read_order(task)
    return (yield from _promoted(order) if isinstance(order, Promotion) else _reviewed(order))


def _promoted(order: Promotion) -> Routine:
    results: list[JsonValue] = [str(path) for path in order.results]
    because, share = _UNMEASURED, order.share
    for suite in filter(None, (order.suite, order.general)):
        for model in (order.model, order.pool):
            (held,) = yield Step((_hold(order, model, suite),), why=f"Hold {model} to {suite}.")
            if held.is_error:
                return f"{order.model} is not promoted: {model} was not held to {suite}: {held.text}"
            results.append(str(Kept.model_validate_json(held.text).results))
    if results:
        (gated,) = yield Step((call(gate.name, results=results, rule=order.rule.model_dump(mode="json")),))
        if gated.is_error:
            return f"{order.model} is not promoted: {gated.text}"
        verdict = Verdict.model_validate_json(gated.text)
        because = "; ".join(verdict.reasons)
        if not verdict.share:
            return f"{order.model} is not promoted. {because}"
        share = min(share, verdict.share)
    kept_as = order.kept_as if share == order.share else ""
    return (yield from _shared(order, share, because, kept_as, asks=order.needs_yes))


def _reviewed(order: CanaryReview) -> Routine:
    figures = {"live": order.live.model_dump(mode="json"), "rule": order.rule.model_dump(mode="json")}
    (judged,) = yield Step((call(weigh.name, model=order.model, share=order.share, **figures),))
    if judged.is_error:
        return f"{order.model} is left as it is: {judged.text}"
    weighing = Weighing.model_validate_json(judged.text)
    if weighing.action == "hold":
        return f"{order.model} keeps its {order.share:.0%}. {weighing.why}"
    asks = order.asks and weighing.action == "widen"
    return (yield from _shared(order, weighing.share_to, weighing.why, "", asks=asks))


def _shared(order: Promotion | CanaryReview, share: float, because: str, kept_as: str, *, asks: bool) -> Routine:
    """Give the candidate its share, and say so."""
    wanted = call(
        give_share.name,
        share=share,
        model=order.model,
        pool=order.pool,
        settings=str(order.settings),
        kept_as=kept_as,
        because=because,
        asks=asks,
    )
    (done,) = yield Step((wanted,))
    if done.is_error:
        return f"{order.pool} is left as it is: {done.text}"
    given = Shared.model_validate_json(done.text).share
    return f"{order.model} has {given:.0%} of {order.pool}. {because}"


def _hold(order: Promotion, model: str, suite: str) -> ToolCall:
    return call(
        hold.name,
        model=model,
        suite=suite,
        settings=str(order.settings),
        without="" if model == order.model else order.model,
        folder=str(order.folder),
        concurrency=order.concurrency,
    )


promoter: Final = Agent(
    NAME,
    model=RoutineModel(NAME, _routine),
    tools=[hold, gate, weigh, give_share],
    description="Decides on members of pools by figures, and writes down what it decides.",
)
"""Drives promotions: `mainspring worker mainspring.promotion:promoter`."""
