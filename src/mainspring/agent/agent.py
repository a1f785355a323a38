"""An agent: a name, instructions, a model and tools. Running it gives an answer.

```python
sizer = Agent("sizer", instructions="You size GPU memory.", tools=[kv_cache_bytes])
result = sizer.run_sync("How much cache does one 32,768-token sequence of Llama-3.1-8B need?")
```
"""

import asyncio
import copy
import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from pydantic_core import to_json

from mainspring.agent.child import child_tool
from mainspring.agent.job import AnswerForm, Job, Limits
from mainspring.agent.run import Result, Run
from mainspring.core import Clock, Message, Model, Options, Rng, Sampling, SystemClock, SystemRng
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
        tools: Tools, or plain functions with type hints and docstrings.
        sampling: How the model picks its words, over the prompt file's and the model's own settings.
        max_steps: Model calls after which a run ends without an answer.
        max_repairs: Unusable replies in a row that are answered with what was wrong.
        cache: Whether a run in a store may use the reply that an equal request got before.
        clock: Tells the time of events.
        rng: Makes up run ids.

    Raises:
        ConfigError: Two tools share a name, both instructions and prompt are given, or a file is wrong.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing that can be said of an agent
        self,
        name: str,
        *,
        instructions: str = "",
        prompt: str | Path | Prompt | None = None,
        model: str | Model | Sequence[str | Model] | None = None,
        tools: Sequence[AnyTool | Callable[..., object]] = (),
        sampling: Sampling | None = None,
        max_steps: int = 20,
        max_repairs: int = 3,
        cache: bool = False,
        clock: Clock | None = None,
        rng: Rng | None = None,
    ) -> None:
        if instructions and prompt is not None:
            raise ConfigError(f"agent {name!r} has both instructions and a prompt; give one of them")
        self.name = name
        self.prompt = _prompt(name, instructions, prompt)
        self.tools: Mapping[str, AnyTool] = _by_name(name, tools)
        self.sampling = (sampling or Sampling()).over(self.prompt.sampling)
        self.limits = _checked(Limits(max_steps, max_repairs), name)
        self.cache = cache
        self._models = _models(model or self.prompt.model or DEFAULT_MODEL)
        self._clock = clock or SystemClock()
        self._rng = rng or SystemRng()
        self._forms: dict[object, tuple[AnswerForm[Any], Options, Options]] = {}
        self._instructions: dict[str, tuple[Message, str]] = {}

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
        opened = tuple(_opened(model) for model in self._models)
        self._models = opened
        return opened

    @property
    def model_names(self) -> tuple[str, ...]:
        """The names of the model and the cheaper ones; asking for them opens none."""
        return tuple(model if isinstance(model, str) else model.name for model in self._models)

    def replace(
        self,
        *,
        model: str | Model | Sequence[str | Model] | None = None,
        max_steps: int | None = None,
        prompt: str | Path | Prompt | None = None,
    ) -> "Agent":
        """Give the same agent with another model, other instructions or another number of steps."""
        other = copy.copy(self)
        if model is not None:
            other._models = _models(model)  # noqa: SLF001 - it is one of us
        if max_steps is not None:
            other.limits = _checked(replace(self.limits, max_steps=max_steps), self.name)
        if prompt is not None:
            other.prompt = _prompt(self.name, "", prompt)
            other._instructions = {}  # noqa: SLF001 - it is one of us
        return other

    def as_tool(self, *, name: str | None = None, description: str = "") -> AnyTool:
        """Give a tool with which another agent hands this one a task, and waits for the answer.

        Args:
            name: What the other agent calls it; this agent's name if not given.
            description: What this agent is good for; the prompt file's description if not given.

        Raises:
            ConfigError: There is neither.
        """
        return child_tool(self, name, description or self.prompt.description)

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
            cache=self.cache,
            tools=self.tools,
            options=options,
            last_options=last_options,
            form=form,
            sampling=self.sampling,
            limits=self.limits,
            messages=(*told, *messages, asked),
            prompt_digest=prompt_digest,
        )

    def _run(
        self,
        input: str | Message,  # noqa: A002 - the word users look for
        output: type[T],
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
            specs = tuple(tool.spec for tool in self.tools.values())
            options = Options(specs, form.schema)
            known = self._forms[output] = (form, options, Options(specs, form.schema, must_answer=True))
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
        tools = [(spec.name, spec.description, spec.parameters) for spec in options.tools]
        parts = to_json((self.model.name, prompt_digest, tools, options.answer, self.sampling))
        return hashlib.sha256(parts).hexdigest()


def run_in_new_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end in an event loop of its own, a fast one where uvloop is installed.

    Raises:
        ConfigError: An event loop runs already.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(work)
    work.close()
    raise ConfigError("an event loop runs already; write `await agent.run(...)` instead of `agent.run_sync(...)`")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _models(given: str | Model | Sequence[str | Model]) -> tuple[str | Model, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        return (given,)
    if not given:
        raise ConfigError("the list of models is empty; name at least one")
    return tuple(given)


def _opened(model: str | Model) -> Model:
    if not isinstance(model, str):
        return model
    from mainspring.models import open_model

    return open_model(model)


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
