"""An agent: a name, instructions, a model and tools. Running it gives an answer.

```python
sizer = Agent("sizer", instructions="You size GPU memory.", tools=[kv_cache_bytes])
result = sizer.run_sync("How much cache does one 32,768-token sequence of Llama-3.1-8B need?")
```
"""

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from pydantic import BaseModel
from pydantic_core import to_json

from mainspring.agent.blocking import run_in_new_loop
from mainspring.agent.child import Child, child_tool
from mainspring.agent.context import Compaction, Context
from mainspring.agent.earlier import Earlier, earlier_tool
from mainspring.agent.escalate import Escalate, Escalation, as_escalate
from mainspring.agent.job import AnswerForm, Job, Limits
from mainspring.agent.judge import Judge
from mainspring.agent.opening import Models, listed, names_of, opened
from mainspring.agent.run import Result, Run
from mainspring.agent.summarizer import compaction_of, summarizer_of
from mainspring.core import Budget, Clock, Message, Model, Options, Rng, Sampling, SystemClock, SystemRng
from mainspring.core.errors import ConfigError
from mainspring.prompts import Prompt
from mainspring.tools import AnyTool, as_tool

T = TypeVar("T")

DEFAULT_MODEL: Final = "local:qwen2.5-coder-1.5b"


class Agent:
    """Something that thinks, uses tools and answers.

    Args:
        name: What it is called in records; an identifier.
        instructions: Its system message; or give `prompt`.
        prompt: A prompt file (or `Prompt`) whose rendered body is the system message.
        model: `provider:model`, a name from `mainspring.toml`, or any `Model`; the embedded one if not given. Of
            a list the first is asked, and the next where a budget with `when_spent="degrade"` does not cover it.
        escalate: A dearer model that goes on where a reply, an answer or the tools of two steps go wrong; an
            `Escalate` says when exactly, and who judges answers.
        judge: Says what is wrong with an answer, which the model then mends: a tool, a plain function of the
            answer, or another agent. As of `Escalate`, and without a dearer model.
        tools: Tools, or plain functions with type hints and docstrings.
        context: How much of the model's window a conversation may take, and who sums it up; a conversation grows as
            long as its server lets it if not given.
        sampling: How the model picks its words, over the prompt file's and the model's own settings.
        max_steps: Model calls after which a run ends without an answer.
        max_calls: Tool calls that one step may make, as far as the server can hold the model to it; 1 makes a small
            model look at each result before it goes on.
        max_repairs: Unusable replies in a row that are answered with what was wrong.
        cache: Whether a run in a store may use the reply that an equal request got before.
        description: What it is good for, as other agents read it; the prompt file's if not given.
        clock: Tells the time of events.
        rng: Makes up run ids.

    Raises:
        ConfigError: Two tools share a name, both instructions and prompt are given, a file is wrong, or it would
            escalate to a model that it asks already.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing that can be said of an agent
        self,
        name: str,
        *,
        instructions: str = "",
        prompt: str | Path | Prompt | None = None,
        model: Models | None = None,
        escalate: str | Model | Escalate | None = None,
        judge: AnyTool | Callable[..., object] | None = None,
        tools: Sequence[AnyTool | Callable[..., object]] = (),
        context: Context | None = None,
        sampling: Sampling | None = None,
        max_steps: int = 20,
        max_repairs: int = 3,
        max_calls: int | None = None,
        cache: bool = False,
        description: str = "",
        clock: Clock | None = None,
        rng: Rng | None = None,
    ) -> None:
        if instructions and prompt is not None:
            raise ConfigError(f"agent {name!r} has both instructions and a prompt; give one of them")
        self.name = name
        self.prompt = _prompt(name, instructions, prompt)
        self.description = description or self.prompt.description
        self.tools: Mapping[str, AnyTool] = _by_name(name, tools)
        self.sampling = (sampling or Sampling()).over(self.prompt.sampling)
        self.limits = _checked(Limits(max_steps, max_repairs), name)
        self.max_calls = max_calls
        self.cache = cache
        self._models = listed(model or self.prompt.model or DEFAULT_MODEL)
        self._dearer: tuple[str | Model, ...] = ()
        self._escalates(as_escalate(escalate, judge), checked=True)
        self._clock = clock or SystemClock()
        self._rng = rng or SystemRng()
        self._has(context)
        self._instructions: dict[str, tuple[Message, str]] = {}
        self._digests: dict[tuple[Options, str, str], str] = {}

    def __repr__(self) -> str:
        return f"Agent({self.name!r}, model={self.model_names[0]!r}, tools={list(self.tools)})"

    @property
    def model(self) -> Model:
        """The model, opened at the first use.

        Raises:
            ConfigError: Its name leads nowhere, or a key is missing.
        """
        return self.models[0]

    @property
    def models(self) -> tuple[Model, ...]:
        """The model and the cheaper ones, opened at the first use.

        Raises:
            ConfigError: A name leads nowhere, or a key is missing.
        """
        models = opened(self._models)
        self._models = models
        return models

    @property
    def model_names(self) -> tuple[str, ...]:
        """The names of the model and the cheaper ones; asking for them opens none."""
        return names_of(self._models)

    @property
    def dearer(self) -> tuple[Model, ...]:
        """The models that it escalates to, in order, opened at the first use.

        Raises:
            ConfigError: A name leads nowhere, or a key is missing.
        """
        models = opened(self._dearer)
        self._dearer = models
        return models

    @property
    def dearer_names(self) -> tuple[str, ...]:
        """The names of the models that it escalates to; asking for them opens none."""
        return names_of(self._dearer)

    @property
    def escalation(self) -> Escalation | None:
        """When it goes on with which dearer models, opened at the first use; None for never.

        Raises:
            ConfigError: A name leads nowhere, or a key is missing.
        """
        rules = self.escalate
        return None if rules is None else Escalation(self.dearer, frozenset(rules.on), rules.after, self.judge)

    @property
    def compaction(self) -> Compaction | None:
        """When and how room is made in a conversation, with models opened at the first use; None for never.

        Raises:
            ConfigError: A name leads nowhere, or a key is missing.
        """
        if self.context is None or self.summarizer is None:
            return None
        return compaction_of(self.context, self.summarizer, (*self.models, *self.dearer))

    def replace(
        self,
        *,
        model: Models | None = None,
        escalate: str | Model | Escalate | None = None,
        context: Context | None = None,
        max_steps: int | None = None,
        prompt: str | Path | Prompt | None = None,
        tools: Sequence[AnyTool | Callable[..., object]] | None = None,
    ) -> "Agent":
        """Give the same agent with other models, context, instructions, tools or another number of steps.

        Its judge stays, unless `escalate` brings one of its own.

        Raises:
            ConfigError: It would escalate to a model that it asks already, or two tools share a name. Given only
                another model, it escalates to those that it did before, less that one.
        """
        other = copy.copy(self)
        if model is not None:
            other._models = listed(model)  # noqa: SLF001 - it is one of us
        rules = self.escalate if escalate is None else as_escalate(escalate, self._judge_unless_in(escalate))
        other._escalates(rules, checked=escalate is not None)  # noqa: SLF001 - it is one of us
        if model is not None or context is not None:
            other._has(context or self.context)  # noqa: SLF001 - it is one of us
        if max_steps is not None:
            other.limits = _checked(replace(self.limits, max_steps=max_steps), self.name)
        if prompt is not None:
            other.prompt = _prompt(self.name, "", prompt)
        if tools is not None:
            other.tools = _by_name(self.name, tools)
        other._instructions = {}  # noqa: SLF001 - it is one of us
        other._digests = {}  # noqa: SLF001 - it is one of us
        return other

    def as_tool(
        self,
        *,
        name: str | None = None,
        description: str = "",
        output: type[Any] = str,
        task: type[BaseModel] | None = None,
        budget: Budget | None = None,
    ) -> AnyTool:
        """Give a tool with which another agent hands this one a task, and waits for the answer.

        Args:
            name: What the other agent calls it; this agent's name if not given.
            description: What this agent is good for; its own description if not given.
            output: The type of the answer.
            task: What a task consists of: the other agent has to fill in these fields, and this one is told them a
                line each. Free words if not given.
            budget: What one of its runs may use of the caller's budgets, in a store.

        Raises:
            ConfigError: Nothing says what this agent is good for.
        """
        child = Child(self, AnswerForm(output), budget)
        return child_tool(child, name, description or self.description, task)

    @overload
    def start(
        self, input: str | Message, *, messages: Sequence[Message] = ..., inputs: Mapping[str, object] | None = ...,
        stream: bool = ...,
    ) -> Run[str]: ...  # fmt: skip

    @overload
    def start(
        self, input: str | Message, *, output: type[T], messages: Sequence[Message] = ...,
        inputs: Mapping[str, object] | None = ..., stream: bool = ...,
    ) -> Run[T]: ...  # fmt: skip

    def start(
        self,
        input: str | Message,  # noqa: A002 - the word users look for
        *,
        output: type[Any] = str,
        messages: Sequence[Message] = (),
        inputs: Mapping[str, object] | None = None,
        stream: bool = False,
    ) -> Run[Any]:
        """Begin a run in the background of the running event loop.

        Args:
            input: What the agent is asked.
            output: The type of the answer; the model is held to its schema and the answer is checked.
            messages: What was said before, as in an earlier `result.messages`.
            inputs: What the prompt file's template is filled in with.
            stream: Whether iterating gives the pieces of replies as they are written, too.

        Returns:
            A run: awaitable for its result, iterable for its events.

        Raises:
            ConfigError: The model's name leads nowhere, or the prompt's inputs do not fit.
        """
        return self._run(input, output, messages, inputs, stream=stream).start()

    @overload
    async def run(
        self, input: str | Message, *, messages: Sequence[Message] = ..., inputs: Mapping[str, object] | None = ...,
    ) -> Result[str]: ...  # fmt: skip

    @overload
    async def run(
        self, input: str | Message, *, output: type[T], messages: Sequence[Message] = ...,
        inputs: Mapping[str, object] | None = ...,
    ) -> Result[T]: ...  # fmt: skip

    async def run(
        self,
        input: str | Message,  # noqa: A002 - the word users look for
        *,
        output: type[Any] = str,
        messages: Sequence[Message] = (),
        inputs: Mapping[str, object] | None = None,
    ) -> Result[Any]:
        """Run to the end and give the result; the arguments are those of `start`.

        Raises:
            RunError: The run ended without an answer.
            ModelError: The model could not be asked, or wrote nothing usable.
            ConfigError: The model's name leads nowhere, or the prompt's inputs do not fit.
        """
        return await self._run(input, output, messages, inputs).drive()

    def run_for(self, form: AnswerForm[T], asked: Message, messages: Sequence[Message]) -> Run[T]:
        """Give a run for whoever called this agent, to be driven; errors are those of `start`.

        Args:
            form: What the answer must look like.
            asked: The task.
            messages: What was said before.
        """
        return self._run(asked, form, messages, None)

    @overload
    def run_sync(
        self, input: str | Message, *, messages: Sequence[Message] = ..., inputs: Mapping[str, object] | None = ...,
    ) -> Result[str]: ...  # fmt: skip

    @overload
    def run_sync(
        self, input: str | Message, *, output: type[T], messages: Sequence[Message] = ...,
        inputs: Mapping[str, object] | None = ...,
    ) -> Result[T]: ...  # fmt: skip

    def run_sync(
        self,
        input: str | Message,  # noqa: A002 - the word users look for
        *,
        output: type[Any] = str,
        messages: Sequence[Message] = (),
        inputs: Mapping[str, object] | None = None,
    ) -> Result[Any]:
        """Run to the end outside an event loop; the arguments and errors are those of `run`."""
        return run_in_new_loop(self.run(input, output=output, messages=messages, inputs=inputs))

    def job(
        self,
        input: str | Message,  # noqa: A002 - the word users look for
        output: type[T] | AnswerForm[T],
        messages: Sequence[Message] = (),
        inputs: Mapping[str, object] | None = None,
    ) -> Job[T]:
        """Give everything a run on this input would work with."""
        form, options, last_options = self._form(output)
        instructions, prompt_digest = self._instructions_for(inputs)
        asked = Message.user(input) if isinstance(input, str) else input
        told = (instructions,) if instructions.text else ()
        return Job(
            agent=self.name,
            agent_digest=self._digest(options, prompt_digest),
            model=self.model,
            cheaper=self.models[1:],
            escalation=self.escalation,
            cache=self.cache,
            tools=self.tools,
            options=options,
            last_options=last_options,
            form=form,
            sampling=self.sampling,
            limits=self.limits,
            compaction=self.compaction,
            answering=frozenset(name for name, tool in self.tools.items() if tool.answers),
            messages=(*told, *messages, asked),
            prompt_digest=prompt_digest,
        )

    def _escalates(self, rules: Escalate | None, *, checked: bool) -> None:
        """Take in when to escalate; a model that is asked anyway is none to escalate to."""
        given = () if rules is None or rules.to is None else listed(rules.to)
        known = set(self.model_names)
        self.escalate = rules
        self.judge = None if rules is None or rules.judge is None else Judge.of(rules.judge)
        self._dearer = tuple(model for model in given if names_of([model])[0] not in known)
        if checked and len(set(self.dearer_names)) < len(given):
            raise ConfigError(
                f"agent {self.name!r} escalates from {list(self.model_names)} to {list(names_of(given))}, where a "
                "model is named twice; name others, and give models that are made by hand names of their own"
            )

    def _judge_unless_in(self, escalate: str | Model | Escalate) -> AnyTool | Callable[..., object] | None:
        """Give the judge that stays where a new dearer model comes without one."""
        has_own = isinstance(escalate, Escalate) and escalate.judge is not None
        return None if has_own or self.escalate is None else self.escalate.judge

    def _has(self, context: Context | None) -> None:
        """Take in how long conversations may be; where room is made in them, a tool reads what is left out."""
        self.context = context
        self.summarizer: Agent | None = None
        self.specs = tuple(tool.spec for tool in self.tools.values())
        self._forms: dict[object, tuple[AnswerForm[Any], Options, Options]] = {}
        if context is not None:
            self.summarizer = summarizer_of(self.name, context, self._models, self._clock, self._rng)
            reader = earlier_tool(Earlier())
            self.specs = tuple(tool.spec for tool in _by_name(self.name, (*self.tools.values(), reader)).values())

    def _run(
        self,
        input: str | Message,  # noqa: A002 - the word users look for
        output: type[T] | AnswerForm[T],
        messages: Sequence[Message],
        inputs: Mapping[str, object] | None,
        *,
        stream: bool = False,
    ) -> Run[T]:
        job = self.job(input, output, messages, inputs)
        return Run(f"run_{self._rng.token(8)}", job, self._clock, stream=stream)

    def _form(self, output: type[T] | AnswerForm[T]) -> tuple[AnswerForm[T], Options, Options]:
        known = self._forms.get(output)
        if known is None:
            form = output if isinstance(output, AnswerForm) else AnswerForm(output)
            options = Options(self.specs, form.schema, max_calls=self.max_calls)
            known = self._forms[output] = (form, options, Options(self.specs, form.schema, must_answer=True))
        return known

    def _instructions_for(self, inputs: Mapping[str, object] | None) -> tuple[Message, str]:
        """Render the instructions once, and keep the message as long as its words are the same."""
        text = self.prompt.render(inputs)
        known = self._instructions.get(text)
        if known is None:
            digest = hashlib.sha256(text.encode()).hexdigest()
            self._instructions = {text: (Message.system(text), digest)}
            known = self._instructions[text]
        return known

    def _digest(self, options: Options, prompt_digest: str) -> str:
        """Give the digest of what a run works under, made once for each form of answer and instructions."""
        key = (options, prompt_digest, self.model.name)
        known = self._digests.get(key)
        if known is None:
            known = self._digests[key] = self._made_digest(options, prompt_digest)
        return known

    def _made_digest(self, options: Options, prompt_digest: str) -> str:
        tools = [(spec.name, spec.description, spec.parameters) for spec in options.tools]
        parts: list[object] = [self.model.name, prompt_digest, tools, options.answer, self.sampling]
        if self.escalate is not None:
            judge = None if self.judge is None else self.judge.spec
            parts += [self.dearer_names, sorted(self.escalate.on), self.escalate.after, judge]
        if self.context is not None and self.summarizer is not None:
            told = self.context
            parts += [told.window_tokens, told.compact_at, told.keep, told.result_bytes, self.summarizer.name]
        if options.max_calls is not None:
            parts.append(options.max_calls)
        return hashlib.sha256(to_json(parts)).hexdigest()


def _prompt(name: str, instructions: str, prompt: str | Path | Prompt | None) -> Prompt:
    if prompt is None:
        return Prompt(instructions, name=name, verbatim=True)
    return prompt if isinstance(prompt, Prompt) else Prompt.load(prompt)


def _checked(limits: Limits, agent: str) -> Limits:
    if limits.max_steps < 1:
        raise ConfigError(f"agent {agent!r}: max_steps is {limits.max_steps}, but a run takes at least one step")
    return limits


def _by_name(agent: str, tools: Sequence[AnyTool | Callable[..., object]]) -> dict[str, AnyTool]:
    named: dict[str, AnyTool] = {}
    for given in tools:
        made = as_tool(given)
        if made.name in named:
            raise ConfigError(f"agent {agent!r} has two tools named {made.name!r}; give one of them another name")
        named[made.name] = made
    return named
