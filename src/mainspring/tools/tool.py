"""A tool: a function, its JSON schema, and one line of annotation that says what it may do to the world.

What is not said is assumed to be dangerous: no effect declared means "ask", every argument carries authority,
and what the tool returns is not trusted.
"""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, Literal, ParamSpec, TypeVar, overload

from pydantic import BaseModel

from mainspring.core import JsonObject, ToolSpec
from mainspring.core.errors import ConfigError
from mainspring.tools.schema import arguments, summary
from mainspring.tools.waits import Waits

P = ParamSpec("P")
R = TypeVar("R")

Effect = Literal["none", "fetch", "write", "egress", "destroy", "money", "auth"]
"""What a call does: nothing, reads from outside, changes something of ours, sends something out, deletes, pays,
or changes who may do what."""

DEFAULT_TIMEOUT_S: Final = 60.0
DEFAULT_RESULT_CHARS: Final = 16_000
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Annotation:
    """What guards need to know of a tool."""

    effect: Effect | None = None
    """None means nobody said: such a tool is never called unasked where a policy is in force."""
    authority: frozenset[str] | None = None
    """Arguments that say who, where, which object, how much; None means all of them. The rest are payload."""
    trusted: bool = False
    """Whether the result is as good as the operator's own words."""


InDoubt = Literal["retry", "ask"] | Callable[..., object]
"""What is done about a call that a crash cut off before its result was known: made again with the same idempotency
key, put to a human, or looked into by a function that takes the same arguments and gives the call's result, or
`NOT_DONE`."""

NOT_DONE: Final = object()
"""What a function given as `in_doubt=` returns when the call has not happened, so that it is made."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Which calls wait for a human's yes, and for how long."""

    when: Callable[[JsonObject], bool] | None = None
    """Tells from the arguments whether a call needs approval; None means that each does."""
    within_s: float | None = None
    """Seconds an answer may take; None waits for ever."""
    otherwise: Literal["deny", "approve"] = "deny"
    """What happens when none came in time."""
    question: Callable[[JsonObject], str] | None = None
    """Says from the arguments what the human is asked, looking things up where they mean little by themselves;
    the call as it is written if not given, or if this fails."""

    def is_needed(self, arguments: JsonObject) -> bool:
        """Tell whether a call with these arguments waits for a human."""
        return self.when is None or self.when(arguments)


@dataclass(frozen=True, slots=True)
class Tool(Generic[P, R]):
    """A function that an agent may call. Calling the tool calls the function."""

    function: Callable[P, R]
    spec: ToolSpec
    arguments: type[BaseModel]
    """Checks and converts what a model wrote."""
    annotation: Annotation
    timeout_s: float
    """Seconds one call may take."""
    max_result_chars: int
    """Characters of a result that the model is shown; the whole is kept and referred to."""
    is_async: bool
    """Whether the function is awaited rather than run in a thread."""
    in_doubt: InDoubt = "ask"
    """What is done about a call that a crash cut off."""
    approval: Approval | None = None
    """Which calls wait for a human's yes; None means none."""
    waits: Waits | None = None
    """What a call waits for before the function is given the response; None for a tool that just does something."""
    answers: bool = False
    """Whether its result is the run's answer, as it is, and the model is asked no more."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself, unguarded, as other code would."""
        return self.function(*args, **kwargs)

    @property
    def name(self) -> str:
        """The name the model calls it by."""
        return self.spec.name


AnyTool = Tool[..., object]
"""A tool whatever its function takes and gives."""


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...


@overload
def tool(
    *,
    name: str | None = None,
    effect: Effect | None = None,
    authority: Sequence[str] | None = None,
    trusted: bool = False,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    max_result_chars: int = DEFAULT_RESULT_CHARS,
    in_doubt: InDoubt | None = None,
    approval: bool | Callable[[JsonObject], bool] | Approval = False,
    answers: bool = False,
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...


def tool(  # noqa: PLR0913 - one keyword for each thing that can be said of a tool
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    effect: Effect | None = None,
    authority: Sequence[str] | None = None,
    trusted: bool = False,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    max_result_chars: int = DEFAULT_RESULT_CHARS,
    in_doubt: InDoubt | None = None,
    approval: bool | Callable[[JsonObject], bool] | Approval = False,
    answers: bool = False,
) -> Tool[P, R] | Callable[[Callable[P, R]], Tool[P, R]]:
    """Make a tool of a function; use it bare or with arguments.

    Args:
        function: A sync or async function with type hints and a docstring. A sync one runs in a thread.
        name: What the model calls it; the function's own name if not given.
        effect: What a call does to the world; not saying it means that a policy asks before each call.
        authority: Arguments that decide who, where, which or how much; not saying it means all of them.
        trusted: Whether results are as good as the operator's own words.
        timeout_s: Seconds one call may take.
        max_result_chars: Characters of a result that the model is shown.
        in_doubt: What to do about a call that a crash cut off: `retry` with the same `idempotency_key()`, `ask` a
            human, or a function that finds out. If not given: `retry` for tools that change nothing (`none`,
            `fetch`), `ask` for all others.
        approval: Whether calls wait for a human's yes: all of them, those for whose arguments a function says so,
            or as an `Approval` says.
        answers: Whether its result is the run's answer, as it is; an error is told to the model as of any tool.

    Raises:
        ConfigError: The function cannot be described to a model, its name cannot be sent to one, or the annotation
            names an unknown argument.
    """

    def make(wrapped: Callable[P, R]) -> Tool[P, R]:
        own_name = _checked_name(name or _name(wrapped))
        model, schema = arguments(wrapped, own_name)
        return Tool(
            function=wrapped,
            spec=ToolSpec(own_name, summary(wrapped), schema),
            arguments=model,
            annotation=Annotation(effect, _checked(authority, model, own_name), trusted),
            timeout_s=timeout_s,
            max_result_chars=max_result_chars,
            is_async=_is_async(wrapped),
            in_doubt=in_doubt or ("retry" if effect in {"none", "fetch"} else "ask"),
            approval=_approval(approval),
            answers=answers,
        )

    return make if function is None else make(function)


def _approval(given: bool | Callable[[JsonObject], bool] | Approval) -> Approval | None:
    if isinstance(given, Approval):
        return given
    if isinstance(given, bool):
        return Approval() if given else None
    return Approval(when=given)


def as_tool(given: AnyTool | Callable[..., object]) -> AnyTool:
    """Give a tool as it is, and make one of a plain function."""
    return given if isinstance(given, Tool) else tool(given)


def _name(function: Callable[..., object]) -> str:
    if isinstance(function, partial):
        return _name(function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"tool {name!r} has a name that model servers refuse; give it one of up to 64 letters, digits, _ and -"
        )
    return name


def _is_async(function: Callable[..., object]) -> bool:
    """Tell a coroutine function, or an object whose call is one."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def _checked(authority: Sequence[str] | None, model: type[BaseModel], name: str) -> frozenset[str] | None:
    if authority is None:
        return None
    if unknown := sorted(set(authority) - set(model.model_fields)):
        raise ConfigError(
            f"tool {name!r}: authority names {unknown}, but its parameters are {sorted(model.model_fields)}"
        )
    return frozenset(authority)
