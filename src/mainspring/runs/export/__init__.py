"""A run handed on: as messages for other programs, as a page for people.

Both are pure functions of a run's events and of the definition that it works under.
"""

from mainspring.runs.export.messages import openai_messages
from mainspring.runs.export.page import page

__all__ = ["openai_messages", "page"]
