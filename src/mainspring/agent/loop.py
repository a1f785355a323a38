"""The loop: context, model, final answer or tools, observation, and again.

    run = start, then step until there is an answer
    step = think, then act on what was thought

Every arrow to the outside (the model, a tool, a human) goes through the door, which records the intent before and
the outcome after. Everything between is a pure function of those events: a door that knows them from an earlier
time brings the same loop to the same place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar

from pydantic import JsonValue
from pydantic_core import to_json

from mainspring.agent.calls import Calls, ToolCalls
from mainspring.agent.compactor import Compactor
from mainspring.agent.job import Job
from mainspring.agent.judge import objection
from mainspring.agent.ladder import Ladder
from mainspring.agent.observations import BROKE_OFF, broken_off, label_of, observed
from mainspring.agent.outgrown import OUTGROWN, outgrown
from mainspring.agent.together import together
from mainspring.agent.window import Window
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
    Request,
    ToolCall,
    Unusable,
    Usage,
)
from mainspring.core.errors import ModelRefused, ModelReplyError, ReplyCut, StepLimit, Stuck, TooDear
from mainspring.core.events import (
    Corrected,
    CorrectionReason,
    EscalationReason,
    Finished,
    ModelCalled,
    ModelReplied,
    ToolReturned,
)
from mainspring.prompts import Prompt

T = TypeVar("T")

_Fault = Literal["unusable", "wrong_answer", "judge"]
"""What a model is told to mend, a bounded number of times."""

_PROBLEM_CHARS: Final = 400
"""Of a tool's error that is told again; the whole of it is the call's result."""


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
        self._window = Window(job.compaction, job.options)
        self._calls = calls or ToolCalls(self._window.tools(job.tools), door, clock)
        self._judge = None if job.escalation is None else job.escalation.judge
        self._verdicts = calls or ToolCalls({} if self._judge is None else self._judge.tools, door, clock)
        summarizing = calls or ToolCalls({} if job.compaction is None else job.compaction.tools, door, clock)
        self._compactor = Compactor(job.compaction, self._window, door, summarizing)
        self._ladder = Ladder(job)
        self._seen: dict[bytes, str] = {}
        self._n_repeats = 0
        self._n_repairs = 0
        self._job_digest = job.agent_digest.encode()
        self._counted = NOTHING
        self._uncounted: list[Usage] = []

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
            done: _Done[T] | None = None
            match await self._think(turn):
                case Unusable(reason=reason) if reason == OUTGROWN:
                    pass  # the next step makes room first
                case Act() as act if not self._must_answer:
                    done = await self._act(turn, act)
                case Answer(value=value):
                    done = await self._answered(turn, value)
                case Unusable(reason=reason) if not self._must_answer:
                    self._correct(turn, "unusable", reason, is_models=reason != BROKE_OFF)
                case _:
                    raise Stuck(
                        f"agent {self._job.agent!r} repeats calls that tell it nothing new, and does not answer"
                    )
            if done is not None:
                return done.output
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
    def messages(self) -> Sequence[Message]:
        """All that was said so far, whether it is still shown to the model or not."""
        return self._window.messages

    @property
    def _conversation(self) -> Conversation:
        """What the model is shown."""
        return self._window.view

    @property
    def _must_answer(self) -> bool:
        """Whether the model was told of its going round in circles, and went on."""
        return self._n_repeats >= 2

    def _start(self) -> None:
        self._window.begin(self._door.record(self._job.started).messages)

    async def _think(self, turn: int) -> Decision:
        """Ask the model what to do next; where a budget wants that, a cheaper one."""
        await self._make_room(turn)
        while True:
            try:
                outcome = await self._think_with(self._ladder.model, turn)
            except TooDear:
                if not self._ladder.step_down():
                    raise
            else:
                self._ladder.used = outcome.usage
                self._uncounted.append(outcome.usage)
                self._window.reply(outcome)
                return outcome.decision

    async def _make_room(self, turn: int) -> None:
        """Make room in the conversation where there is too little; what is gone may be asked for again."""
        used = await self._compactor.make_room(turn)
        if used is not None:
            self._uncounted.extend(used)
            self._seen.clear()

    async def _think_with(self, model: Model, turn: int) -> ModelReplied:
        job, conversation = self._job, self._conversation
        options = job.last_options if self._must_answer else job.options
        request = Request(conversation, options, job.sampling, conversation.label, turn, self._door.run)
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

        try:
            reply = await model.ask(request, None if tell is None else on_delta)
        except ReplyCut as cut:
            reply = broken_off(cut, request, model.name)
        except ModelRefused as refused:
            reply = outgrown(refused, request, model.name, makes_room=self._job.compaction is not None)
        return ModelReplied(
            turn=request.turn,
            model=reply.model,
            member=reply.member,
            decision=reply.decision,
            label=reply.message.label,
            raw=reply.message.raw,
            finish_reason=reply.finish_reason,
            usage=reply.usage,
            duration_s=self._clock.monotonic() - started_s,
            first_token_s=first_token_s,
        )

    async def _act(self, turn: int, act: Act) -> "_Done[T] | None":
        """Call the tools side by side and tell the model what came of it; one of them may give the answer."""
        self._n_repairs = self._ladder.n_refused
        outcomes = await together(self._calls, self._door, turn, act, self._conversation)
        self._uncounted.extend(outcome.usage for outcome in outcomes)
        self._window.add(observed(outcomes))
        for outcome in outcomes:
            if outcome.result.name in self._job.answering and not outcome.result.is_error:
                return await self._answered_by(turn, outcome.result.text)
        self._notice_repeats(turn, act.calls, outcomes)
        self._notice_errors(turn, outcomes)
        return None

    async def _answered_by(self, turn: int, text: str) -> "_Done[T] | None":
        """Take a tool's result for the answer."""
        try:
            value = self._job.form.of_text(text)
        except ValueError as error:
            self._correct(turn, "wrong_answer", str(error))
            return None
        return await self._answered(turn, value)

    async def _answered(self, turn: int, value: JsonValue) -> "_Done[T] | None":
        """End with an answer, where it has the form that was asked for and the judge has nothing against it."""
        try:
            output = self._job.form.read(value)
        except ValueError as error:
            self._correct(turn, "wrong_answer", str(error))
            return None
        return _Done(self._finish(turn, output)) if await self._is_good(turn, value) else None

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

    def _notice_errors(self, turn: int, outcomes: list[ToolReturned]) -> None:
        """Take notice of a step of which nothing came but errors; what a human refused is none of the model's."""
        failed = [outcome.result for outcome in outcomes if outcome.result.is_error and outcome.usage.tool_calls]
        if not failed or len(failed) < len(outcomes):
            self._ladder.goes_well()
        elif self._ladder.goes_wrong("tool_error"):
            self._escalate(turn, "tool_error", f"{failed[-1].name}: {failed[-1].text}"[:_PROBLEM_CHARS])

    async def _is_good(self, turn: int, answer: JsonValue) -> bool:
        """Ask the judge, where there is one; the model is told what it says."""
        if self._judge is None:
            return True
        call = self._judge.call(self._job.messages[-1].text, answer)
        verdict = await self._verdicts.make(turn, call, self._conversation)
        self._uncounted.append(verdict.usage)
        problem = objection(verdict.result)
        if problem is not None:
            self._correct(turn, "judge", problem, label_of([verdict]))
        return problem is None

    def _correct(
        self, turn: int, reason: _Fault, problem: str, label: Label = OPERATOR, *, is_models: bool = True
    ) -> None:
        """Tell the model, or a dearer one, what was wrong with its reply; a bounded number of times in a row."""
        is_last = self._n_repairs >= self._job.limits.max_repairs
        if is_models and self._ladder.goes_wrong(reason, is_last=is_last):
            self._escalate(turn, reason, problem)
        elif is_last:
            what = "were not good enough" if reason == "judge" else "could not be used"
            raise ModelReplyError(
                f"model {self._ladder.wanted.name!r} wrote {self._n_repairs + 1} replies in a row that {what} "
                f"(the last: {problem}); try another model or mode"
            )
        else:
            self._n_repairs += 1
        self._tell(turn, reason, label, problem=problem)

    def _escalate(self, turn: int, reason: EscalationReason, problem: str) -> None:
        """Go on with the next dearer model, which makes a fresh start."""
        escalated = self._door.record(self._ladder.escalated(turn, reason, problem))
        self._ladder.step_up(escalated.to_model)
        self._n_repairs = self._n_repeats = 0

    def _tell(self, turn: int, reason: CorrectionReason, label: Label = OPERATOR, **inputs: str) -> None:
        message = Message.user(_words(reason).render(inputs), label=label)
        corrected = Corrected(turn=turn, reason=reason, problem=inputs.get("problem", ""), message=message)
        self._window.add(self._door.record(corrected).message)

    def _finish(self, turn: int, output: T) -> T:
        self._door.record(Finished(output=self._job.form.write(output), n_steps=turn + 1, usage=self.usage))
        return output


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    """The end of a run: an answer, which may be None itself."""

    output: T


@cache
def _words(reason: CorrectionReason) -> Prompt:
    return Prompt.load(Path(__file__).parent / "prompts" / f"{reason}.prompt.md")


def _steps(number: int) -> str:
    return f"{number} step" if number == 1 else f"{number} steps"
