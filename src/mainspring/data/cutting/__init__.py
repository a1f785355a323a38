"""Documents are cut into passages at sentences, with exact offsets.

`cut` gives the passages of a document, `sentences` the sentences of a text, `worth_asking` says which passages hold
nothing that one could ask about. Imports the contract types of the room and nothing else of it.
"""

from mainspring.data.cutting.cutter import cut
from mainspring.data.cutting.sentences import sentences
from mainspring.data.cutting.tokens import estimate
from mainspring.data.cutting.worth import worth_asking

__all__ = ["cut", "estimate", "sentences", "worth_asking"]
