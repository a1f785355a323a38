"""How much of a model's window a conversation may take, and what is done when it takes that much.

```python
Agent("clerk", model="small", context=Context(window_tokens=8192, compact_at=0.75))
```

Between two compactions a conversation only grows, so that a server's prefix cache holds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from mainspring.core import Model, Windowed
from mainspring.core.errors import ConfigError
from mainspring.tools import AnyTool

if TYPE_CHECKING:
    from mainspring.agent.agent import Agent


@dataclass(frozen=True, slots=True)
class Context:
    """Makes room in a conversation that takes too much of its model's window.

    Raises:
        ConfigError: The numbers leave no room.
    """

    window_tokens: int | None = None
    """Tokens that a prompt and its reply may have together; what is known of the model if not given. Where nobody
    knows, room is made when the server refuses a conversation as too long."""
    compact_at: float = 0.75
    """The share of the window at which what is old is summed up."""
    keep: float = 0.25
    """The share of the window that the most recent messages may take; they stay word for word."""
    result_bytes: int = 1_000
    """Bytes that stay of a tool's result that is older than those messages."""
    summarizer: Union[str, Model, "Agent", None] = None
    """Who writes summaries: a model by name or as it is, or an agent that is given the task in words; the agent's
    own model if not given."""

    def __post_init__(self) -> None:
        if not 0 < self.keep < self.compact_at <= 1:
            raise ConfigError(
                f"keep is {self.keep:g} and compact_at {self.compact_at:g}; they are shares of the window, "
                "and keep has to be the smaller one"
            )
        if self.window_tokens is not None and self.window_tokens < 256:
            raise ConfigError(f"window_tokens is {self.window_tokens}; nothing can be said in less than 256 tokens")
        if self.result_bytes < 1:
            raise ConfigError(f"result_bytes is {self.result_bytes}; something of a result has to stay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """The same as a run works with it: the window known, whoever writes summaries ready to be called."""

    window_tokens: int | None
    compact_at: float
    keep: float
    result_bytes: int
    summarizer: str
    """Name of the agent that writes summaries."""
    summarizer_tokens: int | None
    """Tokens that it may be given at once; None where nobody knows."""
    trusted: bool
    """Whether what it writes is as good as what it was given: it has no tools to read anything else with."""
    tool: AnyTool | None = None
    """How it is called; None where its summaries stand in a record."""
    models: tuple[Model, ...] = ()
    """What it may ask; nothing where its summaries stand in a record."""

    @property
    def tools(self) -> Mapping[str, AnyTool]:
        """The tool by its name."""
        return {} if self.tool is None else {self.tool.name: self.tool}

    @property
    def step_bytes(self) -> int | None:
        """Bytes that the results of one step may have, however recent: a quarter of the window at two a token."""
        return None if self.window_tokens is None else self.window_tokens // 2


def window_of(models: Iterable[Model]) -> int | None:
    """Give the tokens that a conversation with any of the models may have; None where nobody knows."""
    known = [model.context_tokens for model in models if isinstance(model, Windowed)]
    return min((tokens for tokens in known if tokens is not None), default=None)
