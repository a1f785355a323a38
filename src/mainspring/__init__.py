"""Mainspring takes LLM agents from a notebook to production.

```python
from mainspring import Agent, tool
```

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.agent import Agent, Result, Run
    from mainspring.core import Label, Message, Sampling, Usage
    from mainspring.core.errors import MainspringError, ToolError
    from mainspring.models import ChatModel, ScriptedModel, open_model, use
    from mainspring.prompts import Prompt
    from mainspring.tools import Tool, tool

__version__ = "0.1.0"

_HOMES = {
    "Agent": "mainspring.agent",
    "ChatModel": "mainspring.models",
    "Label": "mainspring.core",
    "MainspringError": "mainspring.core.errors",
    "Message": "mainspring.core",
    "Prompt": "mainspring.prompts",
    "Result": "mainspring.agent",
    "Run": "mainspring.agent",
    "Sampling": "mainspring.core",
    "ScriptedModel": "mainspring.models",
    "Tool": "mainspring.tools",
    "ToolError": "mainspring.core.errors",
    "Usage": "mainspring.core",
    "open_model": "mainspring.models",
    "tool": "mainspring.tools",
    "use": "mainspring.models",
}

__all__ = [
    "Agent",
    "ChatModel",
    "Label",
    "MainspringError",
    "Message",
    "Prompt",
    "Result",
    "Run",
    "Sampling",
    "ScriptedModel",
    "Tool",
    "ToolError",
    "Usage",
    "open_model",
    "tool",
    "use",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
