"""Teams: several agents on one problem.

Every team is an agent: it is run, kept, budgeted and called as a tool like any other, so teams nest. Who decides in
it is a model (`supervisor`), one cheap call or a rule (`router`), a plan (`planned`), or a routine (`parallel`,
`review`, `debate`, `reflective`, `remembering`). Imports agents, memory, models, prompts, tools and the core.
"""

from mainspring.teams.handoff import handoff, said
from mainspring.teams.noticing import Retention
from mainspring.teams.parallel import parallel
from mainspring.teams.planned import planned
from mainspring.teams.reflective import reflective
from mainspring.teams.remembering import remembering
from mainspring.teams.review import debate, review
from mainspring.teams.router import router
from mainspring.teams.supervisor import supervisor

__all__ = [
    "Retention",
    "debate",
    "handoff",
    "parallel",
    "planned",
    "reflective",
    "remembering",
    "review",
    "router",
    "said",
    "supervisor",
]
