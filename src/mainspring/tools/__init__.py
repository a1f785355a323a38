"""Tools: plain functions that a model may call, described by their type hints and docstrings.

`@tool` makes one, `call_tool` calls it for a model with a deadline and turns whatever happens into an
observation. Imports the core and nothing else of Mainspring.
"""

from mainspring.tools.call import call_tool
from mainspring.tools.tool import Annotation, AnyTool, Effect, Tool, as_tool, tool

__all__ = ["Annotation", "AnyTool", "Effect", "Tool", "as_tool", "call_tool", "tool"]
