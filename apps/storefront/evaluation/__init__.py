"""How well the shop is kept: 40 conversations with customers, and checks on what they did to the database.

`hold` holds one of `conversations()` in a fresh shop and gives its `Outcome`; `python -m apps.storefront.evaluate`
holds them all. Imports the shop, its weather and its agents; nothing of the storefront imports it.
"""

from apps.storefront.evaluation.baselines import plain
from apps.storefront.evaluation.conversation import CATEGORIES, Conversation, conversations
from apps.storefront.evaluation.holding import Limits, Staff, hold
from apps.storefront.evaluation.outcome import Outcome, OutcomeFile
from apps.storefront.evaluation.table import table

__all__ = [
    "CATEGORIES",
    "Conversation",
    "Limits",
    "Outcome",
    "OutcomeFile",
    "Staff",
    "conversations",
    "hold",
    "plain",
    "table",
]
