"""Tools that come with Mainspring."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from mainspring.core.errors import ToolError
from mainspring.tools.tool import AnyTool, tool
from mainspring.tools.waits import Question, Timer

_DAY_S = 86_400.0


def ask_human(*, within_s: float | None = None) -> AnyTool:
    """Give a tool with which a model asks a human and waits for the answer, for days if need be.

    Args:
        within_s: Seconds an answer may take; the model is told when none came in time.
    """

    def ask_human(question: str) -> str:
        """Ask the human you work for, and wait for the answer."""
        raise ToolError(f"nobody answered {question!r}")

    made: AnyTool = tool(effect="none", authority=[], trusted=True)(ask_human)
    return replace(made, waits=Question(within_s))


def wait_for(*, max_s: float = 30 * _DAY_S) -> AnyTool:
    """Give a tool with which a model lets time pass.

    Args:
        max_s: The longest wait, in seconds.
    """

    def wait(seconds: Annotated[float, Field(ge=0, le=max_s)]) -> str:
        """Wait for some seconds before you go on."""
        return f"{seconds} s"

    made: AnyTool = tool(effect="none", authority=[], trusted=True)(wait)
    return replace(made, waits=Timer())
