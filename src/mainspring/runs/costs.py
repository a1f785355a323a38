"""The worst case of a call, before it is made.

A token holds at least one byte, so a prompt has at most as many tokens as bytes. What a server has counted before
is known exactly, and only what came since is bounded that way. The reply is bounded by the tokens that it may have.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from pydantic_core import to_json

from mainspring.agent.job import Job
from mainspring.core import Budget, BudgetField, Hedged, Model, Priced, Usage
from mainspring.core.errors import ConfigError, MainspringError, ModelTimeout
from mainspring.core.events import (
    Compacted,
    Corrected,
    Escalated,
    ModelCalled,
    ModelReplied,
    RunStarted,
    ToolReturned,
)
from mainspring.runs.ledger import Amounts, amounts_of

T = TypeVar("T")

Told = RunStarted | ModelReplied | ToolReturned | Corrected | Escalated | Compacted
"""What the model is told, that it is another model from here on, and that it is told less of what is old."""

MAX_OUTPUT_TOKENS: Final = 4096
"""What a reply may have under a budget that limits it, where nothing else bounds it."""
_FORM_BYTES: Final = 4096
"""More than any mode says about how to reply."""
_GAP_BYTES: Final = 200
"""More than is said of what is left out of a result."""
_MESSAGE_BYTES: Final = 64
"""More than any chat template puts around a message."""


def bounded(job: Job[T], budgets: list[Budget]) -> Job[T]:
    """Give the job with a bound on replies where there is a budget: it may be made to limit them later.

    Raises:
        ConfigError: A budget is in dollars, and nobody knows what a model costs.
    """
    check_prices(job, budgets)
    if job.sampling.max_output_tokens is None and budgets:
        bound = MAX_OUTPUT_TOKENS
        return replace(job, sampling=job.sampling.model_copy(update={"max_output_tokens": bound}))
    return job


def check_prices(job: Job[T], budgets: list[Budget]) -> None:
    """Check that it is known what all of the job's models and its summarizer's cost, for a budget in dollars.

    Raises:
        ConfigError: It is not.
    """
    if any(budget.usd is not None for budget in budgets):
        summarizing = () if job.compaction is None else job.compaction.models
        for model in (*job.models, *summarizing):
            check_price(model)


def cost_of(model: Model, usage: Usage) -> Usage:
    """Give a usage with what it costs, where that is known."""
    return replace(usage, cost_usd=model.price(usage) if isinstance(model, Priced) else None)


class WorstCase:
    """Bounds what the next model call of a run may use; told of everything that the model is told.

    Args:
        job: What the run works with.
    """

    def __init__(self, job: Job[T]) -> None:
        self._models: Mapping[str, Model] = {model.name: model for model in job.models}
        self._max_output_tokens = job.sampling.max_output_tokens or MAX_OUTPUT_TOKENS
        tools = [(tool.name, tool.description, tool.parameters) for tool in job.options.tools]
        self._form_bytes = _FORM_BYTES + 2 * len(to_json((tools, job.form.schema)))
        self._counted = 0
        """Tokens that a server has counted."""
        self._uncounted = self._form_bytes
        """Bytes that came since."""
        self._told: list[Told] = []

    def take(self, event: Told) -> None:
        """Take in what the model will be told."""
        self._told.append(event)
        match event:
            case ModelReplied(usage=usage) if usage.input_tokens:
                self._counted = usage.input_tokens + usage.output_tokens
                self._uncounted = _MESSAGE_BYTES
            case Escalated():  # what one model's server has counted says nothing of another's tokens
                self._counted = 0
                self._uncounted = self._form_bytes + sum(map(_size_bytes, self._told))
            case Compacted():  # it is what it was, less something, and with a summary; or as many tokens as bytes
                self._told = [event]
                self._uncounted += _added_bytes(event)
                if (n_bytes := self._form_bytes + event.size_bytes) < self._counted + self._uncounted:
                    self._counted, self._uncounted = 0, n_bytes
            case _:
                self._uncounted += _size_bytes(event)

    def of(self, call: ModelCalled) -> Amounts:
        """Give the most that a call may use; one that may be sent to several servers is charged by each."""
        model = self._models[call.model]
        n_calls = model.calls_at_most if isinstance(model, Hedged) else 1
        usage = Usage(
            input_tokens=n_calls * (self._counted + self._uncounted),
            output_tokens=n_calls * self._max_output_tokens,
            model_calls=n_calls,
        )
        return amounts_of(cost_of(model, usage))


def _added_bytes(event: Compacted) -> int:
    """Bound the bytes of what is said where room was made: the summary, and where results are shortened, that."""
    summary = b"" if event.message is None else event.message.text.encode()
    return len(summary) + _MESSAGE_BYTES + event.n_shortened * _GAP_BYTES


def _size_bytes(event: Told) -> int:
    """Bound the bytes that an event adds to what the model is told."""
    match event:
        case RunStarted(messages=messages):
            return sum(len(to_json(message.parts)) + _MESSAGE_BYTES for message in messages)
        case ModelReplied(decision=decision, raw=raw):
            return max(len(to_json(decision)), len((raw or "").encode())) + _MESSAGE_BYTES
        case ToolReturned(result=result):
            return len(result.text.encode()) + _MESSAGE_BYTES
        case Corrected(message=message):
            return len(message.text.encode()) + _MESSAGE_BYTES
        case Compacted(size_bytes=size_bytes):
            return size_bytes
        case Escalated():
            return 0


def spent(replied: ModelReplied) -> Amounts | None:
    """Give what a reply really used; None, the whole reservation, where that is not known."""
    usage = replied.usage
    is_free = replied.cached or not usage.model_calls
    is_known = is_free or (usage.input_tokens > 0 and usage.cost_usd is not None)
    return amounts_of(usage) if is_known else None


def spent_on_failure(error: MainspringError) -> Amounts | None:
    """Give what a failed call used: nothing where it was refused, and nobody knows where it was cut off."""
    return None if isinstance(error, ModelTimeout) else NOTHING_SPENT


NOTHING_SPENT: Final[dict[BudgetField, int]] = {}


def check_price(model: Model) -> None:
    """Check that it is known what a model costs, for a budget in dollars.

    Raises:
        ConfigError: It is not.
    """
    if cost_of(model, Usage(input_tokens=1, output_tokens=1, model_calls=1)).cost_usd is None:
        raise ConfigError(
            f"nobody knows what model {model.name!r} costs, and the budget is in dollars; give it a price in "
            'mainspring.toml (price = { input = "0.10", output = "0.40" }), or limit tokens instead'
        )
