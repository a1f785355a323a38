"""Mainspring takes LLM agents from a notebook to production.

```python
from mainspring import Agent, tool
```

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.agent import Agent, Context, Escalate, Result, Run
    from mainspring.core import Budget, Label, Message, Sampling, Usage
    from mainspring.core.errors import MainspringError, ToolError
    from mainspring.models import ChatModel, ScriptedModel, open_model, use
    from mainspring.prompts import Prompt
    from mainspring.runs import DurableRun, Runs, open_runs
    from mainspring.tools import NOT_DONE, Approval, Tool, ask_human, idempotency_key, tool, wait_for

__version__ = "0.1.0"

_HOMES = {
    "NOT_DONE": "mainspring.tools",
    "Agent": "mainspring.agent",
    "Approval": "mainspring.tools",
    "Budget": "mainspring.core",
    "ChatModel": "mainspring.models",
    "Context": "mainspring.agent",
    "DurableRun": "mainspring.runs",
    "Escalate": "mainspring.agent",
    "Label": "mainspring.core",
    "MainspringError": "mainspring.core.errors",
    "Message": "mainspring.core",
    "Prompt": "mainspring.prompts",
    "Result": "mainspring.agent",
    "Run": "mainspring.agent",
    "Runs": "mainspring.runs",
    "Sampling": "mainspring.core",
    "ScriptedModel": "mainspring.models",
    "Tool": "mainspring.tools",
    "ToolError": "mainspring.core.errors",
    "Usage": "mainspring.core",
    "ask_human": "mainspring.tools",
    "idempotency_key": "mainspring.tools",
    "open_model": "mainspring.models",
    "open_runs": "mainspring.runs",
    "tool": "mainspring.tools",
    "use": "mainspring.models",
    "wait_for": "mainspring.tools",
}

__all__ = [
    "NOT_DONE",
    "Agent",
    "Approval",
    "Budget",
    "ChatModel",
    "Context",
    "DurableRun",
    "Escalate",
    "Label",
    "MainspringError",
    "Message",
    "Prompt",
    "Result",
    "Run",
    "Runs",
    "Sampling",
    "ScriptedModel",
    "Tool",
    "ToolError",
    "Usage",
    "ask_human",
    "idempotency_key",
    "open_model",
    "open_runs",
    "tool",
    "use",
    "wait_for",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
