"""Teams: several agents on one problem.

Every team is an agent: it is run, kept, budgeted and called as a tool like any other, so teams nest. Who decides in
it is a model (`supervisor`), one cheap call or a rule (`router`), a plan (`planned`), or a routine (`parallel`,
`review`, `debate`). Imports agents, models, prompts, tools and the core.
"""

from mainspring.teams.handoff import handoff, said
from mainspring.teams.parallel import parallel
from mainspring.teams.planned import planned
from mainspring.teams.review import debate, review
from mainspring.teams.router import router
from mainspring.teams.supervisor import supervisor

__all__ = ["debate", "handoff", "parallel", "planned", "review", "router", "said", "supervisor"]
