"""A person's look at a dataset: a local page with each example beside its source, kept, dropped or edited by a key.

What a person decides is appended to the folder's `decisions.jsonl`; the rows are written anew from that. May import
the contract types of `mainspring.data`, `writing`, and the checks and the cutting for words that a person wrote.
"""

from mainspring.data.review.review import Review
from mainspring.data.review.server import review_app
from mainspring.data.review.serving import serving

__all__ = ["Review", "review_app", "serving"]
