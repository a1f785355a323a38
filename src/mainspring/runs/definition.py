"""What a run works under, kept with it: tools as the model is shown them, answer, sampling, limits, models.

A run that is gone on with tomorrow works under what it started with, whatever the agent has become by then; what
has become of it is noticed and said. Functions are code: a tool's name leads to the present one.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from mainspring.agent import Agent
from mainspring.agent.job import AnswerForm, Job, Limits
from mainspring.agent.opening import opened
from mainspring.core import JsonObject, Model, Options, Sampling, ToolSpec
from mainspring.core.errors import JournalError
from mainspring.core.events import RunStarted
from mainspring.runs.compacting import Compacting
from mainspring.runs.escalating import Escalating
from mainspring.runs.history import History
from mainspring.runs.journal import Journal

T = TypeVar("T")

_N_KNOWN: Final = 256
_KNOWN: Final[dict[str, "Definition"]] = {}
"""Definitions by their digest: many runs work under one, and what a digest leads to never changes."""


class Definition(BaseModel):
    """What a run works under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    prompt: str
    """SHA-256 of the prompt's template."""
    prompt_digest: str
    """SHA-256 of the instructions as rendered."""
    tools: tuple[ToolSpec, ...]
    asks_in_doubt: tuple[str, ...] = ()
    """Tools about whose cut-off calls somebody has to find out."""
    answering: tuple[str, ...] = ()
    """Tools whose result is the answer."""
    answer: JsonObject | None
    sampling: Sampling
    max_steps: int
    max_repairs: int
    max_calls: int | None = None
    models: tuple[str, ...]
    cache: bool = False
    escalating: Escalating | None = None
    compacting: Compacting | None = None

    @classmethod
    def of(cls, agent: Agent, job: Job[T]) -> "Definition":
        """Say what a job of an agent works under."""
        judge = None if agent.judge is None else agent.judge.tool
        tools = (*job.tools.values(), *(() if judge is None else (judge,)))
        return cls(
            prompt=agent.prompt.digest,
            prompt_digest=job.prompt_digest,
            tools=job.options.tools,
            asks_in_doubt=tuple(tool.name for tool in tools if tool.in_doubt != "retry"),
            answering=tuple(sorted(job.answering)),
            answer=job.form.schema,
            sampling=job.sampling,
            max_steps=job.limits.max_steps,
            max_repairs=job.limits.max_repairs,
            max_calls=job.options.max_calls,
            models=tuple(model.name for model in (job.model, *job.cheaper)),
            cache=job.cache,
            escalating=Escalating.of(agent),
            compacting=Compacting.of(job.compaction),
        )

    @classmethod
    def read(cls, content: bytes) -> "Definition":
        """Read a kept definition.

        Raises:
            JournalError: A newer Mainspring wrote it, or it is damaged.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise JournalError(
                f"the definition of a run cannot be read; use the Mainspring that wrote it, or a newer one: {error}"
            ) from error

    @property
    def content(self) -> bytes:
        """The bytes that are kept."""
        return self.model_dump_json().encode()

    def job(self, agent: Agent, started: RunStarted, form: AnswerForm[T]) -> Job[T]:
        """Give everything a run goes on with: what it started under, and the agent's present functions.

        Raises:
            ConfigError: A model that it started with cannot be opened any more, or its judge is gone.
        """
        known = {model.name: model for model in (*agent.models, *agent.dearer)}

        def model_of(name: str) -> Model:
            return known[name] if name in known else opened([name])[0]

        model, *cheaper = map(model_of, self.models)
        return Job(
            agent=started.agent,
            agent_digest=started.agent_digest,
            model=model,
            cheaper=tuple(cheaper),
            escalation=None if self.escalating is None else self.escalating.present(agent, model_of),
            compaction=None if self.compacting is None else self.compacting.present(agent),
            cache=self.cache,
            tools=agent.tools,
            options=Options(self.tools, self.answer, max_calls=self.max_calls),
            last_options=Options(self.tools, self.answer, must_answer=True),
            form=form,
            sampling=self.sampling,
            limits=Limits(self.max_steps, self.max_repairs),
            answering=frozenset(self.answering),
            messages=started.messages,
            prompt_digest=self.prompt_digest,
        )

    def changes(self, agent: Agent) -> tuple[str, ...]:
        """Say what of the agent is not as it was."""
        before, now = _by_name(self.tools), _by_name(agent.specs)
        names = sorted({**before, **now})
        found = [f"tool {name}" for name in names if before.get(name) != now.get(name)]
        if self.prompt != agent.prompt.digest:
            found.insert(0, "instructions")
        if self.models != agent.model_names:
            found.append("model")
        if self.escalating != Escalating.of(agent):
            found.append("escalation")
        if agent.context is not None if self.compacting is None else not self.compacting.is_as(agent):
            found.append("context")
        limits = (agent.limits.max_steps, agent.limits.max_repairs, agent.max_calls)
        if (self.max_steps, self.max_repairs, self.max_calls) != limits:
            found.append("limits")
        return tuple(found)


async def definition_of(journal: Journal, history: History) -> Definition:
    """Read what a run works under.

    Raises:
        JournalError: It is not there, or cannot be read.
    """
    if history.submitted is None:
        raise JournalError("the journal of the run lacks its beginning; the store is damaged")
    digest = history.submitted.definition
    if (known := _KNOWN.get(digest)) is None:
        known = _KNOWN[digest] = Definition.read(await journal.content(digest))
        if len(_KNOWN) > _N_KNOWN:
            del _KNOWN[next(iter(_KNOWN))]
    return known


def _by_name(specs: tuple[ToolSpec, ...]) -> Mapping[str, str]:
    return {spec.name: hashlib.sha256(to_json((spec.description, spec.parameters))).hexdigest() for spec in specs}
