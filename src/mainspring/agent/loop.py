"""The loop: context, model, final answer or tools, observation, and again.

    run = start, then step until there is an answer
    step = think, then act on what was thought

Every arrow to the outside (the model, a tool, a human) goes through the door, which records the intent before and
the outcome after. Everything between is a pure function of those events: a door that knows them from an earlier
time brings the same loop to the same place.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Generic, TypeVar

from pydantic_core import to_json

from mainspring.agent.calls import Calls, ToolCalls
from mainspring.agent.job import Job
from mainspring.core import (
    NOTHING,
    OPERATOR,
    Act,
    Answer,
    Clock,
    Conversation,
    Decision,
    Door,
    Label,
    Message,
    Model,
    OnDelta,
    Parked,
    Request,
    ToolCall,
    Unusable,
    Usage,
)
from mainspring.core.errors import ModelReplyError, StepLimit, Stuck, TooDear
from mainspring.core.events import (
    Corrected,
    CorrectionReason,
    Finished,
    ModelCalled,
    ModelReplied,
    ToolReturned,
)
from mainspring.prompts import Prompt

T = TypeVar("T")


class Loop(Generic[T]):
    """One run of an agent.

    Args:
        job: What it works with.
        door: Where its effects happen and its events are recorded.
        clock: Tells how long effects took.
        listener: Gives whom to tell each piece of a reply as it is written; asked before each model call.
        calls: Makes the tool calls; with the job's tools if not given.
    """

    def __init__(
        self,
        job: Job[T],
        door: Door,
        clock: Clock,
        listener: Callable[[], OnDelta | None] | None = None,
        calls: Calls | None = None,
    ) -> None:
        self._job = job
        self._door = door
        self._clock = clock
        self._listener = listener
        self._calls = calls or ToolCalls(job.tools, door, clock)
        self._models = (job.model, *job.cheaper)
        self._seen: dict[bytes, str] = {}
        self._n_repeats = 0
        self._n_repairs = 0
        self._job_digest = job.agent_digest.encode()
        self._counted = NOTHING
        self._uncounted: list[Usage] = []
        self.conversation = Conversation(job.messages)

    async def run(self) -> T:
        """Step until there is an answer.

        Raises:
            RunError: The run ended without one.
            ModelError: The model could not be asked, or wrote nothing usable.
            BudgetError: What is left of a budget does not cover the next call.
            Parked: The run waits, or its driver is asked to stop.
        """
        self._start()
        for turn in range(self._job.limits.max_steps):
            match await self._think(turn):
                case Act(calls=calls) if not self._must_answer:
                    await self._act(turn, calls)
                case Answer(value=value):
                    try:
                        output = self._job.form.read(value)
                    except ValueError as error:
                        self._correct(turn, "wrong_answer", str(error))
                    else:
                        return self._finish(turn, output)
                case Unusable(reason=reason) if not self._must_answer:
                    self._correct(turn, "unusable", reason)
                case _:
                    raise Stuck(
                        f"agent {self._job.agent!r} repeats calls that tell it nothing new, and does not answer"
                    )
        raise StepLimit(
            f"agent {self._job.agent!r} took {_steps(self._job.limits.max_steps)} without an answer; "
            "raise max_steps, or make the task smaller"
        )

    @property
    def usage(self) -> Usage:
        """What was used so far; added up when somebody asks."""
        self._counted = sum(self._uncounted, start=self._counted)
        self._uncounted.clear()
        return self._counted

    @property
    def _must_answer(self) -> bool:
        """Whether the model was told of its going round in circles, and went on."""
        return self._n_repeats >= 2

    def _start(self) -> None:
        self.conversation = Conversation(self._door.record(self._job.started).messages)

    async def _think(self, turn: int) -> Decision:
        """Ask the model what to do next; where a budget wants that, a cheaper one."""
        while True:
            try:
                outcome = await self._think_with(self._models[0], turn)
            except TooDear:
                if len(self._models) == 1:
                    raise
                self._models = self._models[1:]
            else:
                self._uncounted.append(outcome.usage)
                self.conversation.add(outcome.message)
                return outcome.decision

    async def _think_with(self, model: Model, turn: int) -> ModelReplied:
        job, conversation = self._job, self.conversation
        options = job.last_options if self._must_answer else job.options
        request = Request(conversation, options, job.sampling, conversation.label, turn)
        asked_of = b"" if model is job.model else model.name.encode()
        intent = ModelCalled(
            turn=turn,
            model=model.name,
            n_messages=len(conversation),
            request_digest=conversation.digest(self._job_digest, b"!" if self._must_answer else b"", asked_of),
            prompt_digest=job.prompt_digest,
            must_answer=self._must_answer,
            sampling=job.sampling,
        )
        return await self._door.effect(intent, lambda: self._ask(model, request))

    async def _ask(self, model: Model, request: Request) -> ModelReplied:
        started_s = self._clock.monotonic()
        first_token_s: float | None = None
        tell = None if self._listener is None else self._listener()

        def on_delta(text: str) -> None:
            nonlocal first_token_s
            if first_token_s is None:
                first_token_s = self._clock.monotonic() - started_s
            if tell is not None:
                tell(text)

        reply = await model.ask(request, None if tell is None else on_delta)
        return ModelReplied(
            turn=request.turn,
            model=reply.model,
            decision=reply.decision,
            label=reply.message.label,
            raw=reply.message.raw,
            finish_reason=reply.finish_reason,
            usage=reply.usage,
            duration_s=self._clock.monotonic() - started_s,
            first_token_s=first_token_s,
        )

    async def _act(self, turn: int, calls: tuple[ToolCall, ...]) -> None:
        """Call the tools side by side and tell the model what came of it, in the order it asked."""
        self._n_repairs = 0
        if len(calls) == 1:
            outcomes = [await self._calls.make(turn, calls[0])]
        else:
            outcomes = await self._call_all(turn, calls)
        self._uncounted.extend(outcome.usage for outcome in outcomes)
        self.conversation.add(observed(outcomes))
        self._notice_repeats(turn, calls, outcomes)

    async def _call_all(self, turn: int, calls: tuple[ToolCall, ...]) -> list[ToolReturned]:
        """Call the tools side by side; where the door refuses one, that ends the others and the run.

        One that has to wait ends nothing: the others are made, and then the run is parked.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._made_or_parked(turn, call)) for call in calls]
        except BaseExceptionGroup as refusals:
            raise refusals.exceptions[0] from None
        outcomes = [task.result() for task in tasks]
        for outcome in outcomes:
            if isinstance(outcome, Parked):
                raise outcome
        return [outcome for outcome in outcomes if not isinstance(outcome, Parked)]

    async def _made_or_parked(self, turn: int, call: ToolCall) -> ToolReturned | Parked:
        try:
            return await self._calls.make(turn, call)
        except Parked as parked:
            return parked

    def _notice_repeats(self, turn: int, calls: tuple[ToolCall, ...], outcomes: list[ToolReturned]) -> None:
        """Tell the model when a whole step taught it nothing, and remember that it was told."""
        is_new = False
        for call, outcome in zip(calls, outcomes, strict=True):
            key = to_json((call.name, sorted(call.arguments.items())))
            is_new = is_new or self._seen.get(key) != outcome.result.text
            self._seen[key] = outcome.result.text
        self._n_repeats = 0 if is_new else self._n_repeats + 1
        if not is_new:
            self._tell(turn, "repeated")

    def _correct(self, turn: int, reason: CorrectionReason, problem: str) -> None:
        """Tell the model what was wrong with its reply, a bounded number of times in a row."""
        self._n_repairs += 1
        if self._n_repairs > self._job.limits.max_repairs:
            raise ModelReplyError(
                f"model {self._job.model.name!r} wrote {self._n_repairs} replies in a row that could not be used "
                f"(the last: {problem}); try another model or mode"
            )
        self._tell(turn, reason, problem=problem)

    def _tell(self, turn: int, reason: CorrectionReason, **inputs: str) -> None:
        message = Message.user(_words(reason).render(inputs), label=OPERATOR)
        corrected = Corrected(turn=turn, reason=reason, problem=inputs.get("problem", ""), message=message)
        self.conversation.add(self._door.record(corrected).message)

    def _finish(self, turn: int, output: T) -> T:
        self._door.record(Finished(output=self._job.form.write(output), n_steps=turn + 1, usage=self.usage))
        return output


def observed(outcomes: Sequence[ToolReturned]) -> Message:
    """Tell the model what came of a step's calls, in the order it asked."""
    return Message(role="tool", parts=tuple(outcome.result for outcome in outcomes), label=_label(outcomes))


@cache
def _words(reason: CorrectionReason) -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / f"{reason}.prompt.md")


def _steps(number: int) -> str:
    return f"{number} step" if number == 1 else f"{number} steps"


def _label(outcomes: Sequence[ToolReturned]) -> Label:
    """Label a step's observations: as bad as the worst of them."""
    first, *rest = [_tool_label(outcome.result.name, trusted=outcome.trusted) for outcome in outcomes]
    return first.join(*rest) if rest else first


@lru_cache(maxsize=1024)
def _tool_label(name: str, *, trusted: bool) -> Label:
    return Label(integrity="trusted" if trusted else "untrusted", sources=(f"tool:{name}",))
