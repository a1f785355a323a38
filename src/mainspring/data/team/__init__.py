"""The team that makes examples of a document: a director, an extractor, two writers and a judge.

The director is a routine in code: it reads numbers, never words, so nothing that stands in a document changes its
plan. The members have no tools; what they read is labelled as untrusted. May import `agent`, `models`, `prompts`
and, of this room, `checks` and `cutting`.
"""

from mainspring.data.team.director import director
from mainspring.data.team.members import Team
from mainspring.data.team.plan import Assignment, Wishes
from mainspring.data.team.prompts import PromptSet, WrittenPrompt

__all__ = ["Assignment", "PromptSet", "Team", "Wishes", "WrittenPrompt", "director"]
