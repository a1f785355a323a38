"""What teams have in common: members as tools, their prompt files, and what became of their work."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from mainspring.agent import Agent
from mainspring.core import ToolResult
from mainspring.core.errors import ConfigError, NobodyAnswered
from mainspring.prompts import Prompt
from mainspring.tools import AnyTool

Member = Agent | AnyTool
"""An agent, or a tool made of one with a name, budget or answer type of its own (`agent.as_tool(...)`)."""


def as_tools(team: str, members: Sequence[Member]) -> list[AnyTool]:
    """Make tools of members.

    Raises:
        ConfigError: There is none, two have the same name, or nothing says what one is good for.
    """
    if not members:
        raise ConfigError(f"team {team!r} has no members; give it at least one")
    tools = [member.as_tool() if isinstance(member, Agent) else member for member in members]
    names = [tool.name for tool in tools]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"team {team!r} has several members called {twice}; give them different names")
    return tools


@cache
def prompt(name: str) -> Prompt:
    """Give one of this room's prompt files."""
    return Prompt.load(Path(__file__).parent / "prompts" / f"{name}.prompt.md")


def good(results: Sequence[ToolResult]) -> Mapping[str, str]:
    """Give what members came to, by their names; those that failed or were not needed are left out.

    Raises:
        NobodyAnswered: None came to anything.
    """
    came = {result.name: result.text for result in results if not result.is_error}
    if not came:
        reasons = "; ".join(f"{result.name}: {result.text}" for result in results)
        raise NobodyAnswered(f"no member of the team came to anything ({reasons}); see their own runs")
    return came
