"""A tuned model joins the pool: a gate, a canary's share, and what becomes of it by live results.

Every decision is a run of the agent `promoter`, with its figures in its events; what it changes is
`mainspring.toml`.

May import `evals` and everything below it; not `train`: a model is a file, with a card.
"""

from mainspring.promotion.canary import CanaryRule, Weighing, weigh
from mainspring.promotion.decisions import Decision, begin, decisions, last_share
from mainspring.promotion.gate import Figures, GateRule, Verdict, gate
from mainspring.promotion.live import Live, MemberLive, live
from mainspring.promotion.orders import CanaryReview, Promotion
from mainspring.promotion.promoter import promoter

__all__ = [
    "CanaryReview",
    "CanaryRule",
    "Decision",
    "Figures",
    "GateRule",
    "Live",
    "MemberLive",
    "Promotion",
    "Verdict",
    "Weighing",
    "begin",
    "decisions",
    "gate",
    "last_share",
    "live",
    "promoter",
    "weigh",
]
