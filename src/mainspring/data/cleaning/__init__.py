"""Examples cleaned: duplicates, what gives evaluation sets away, personal data, and splits by document.

Nothing is dropped here: an example that should not be learnt from gets an objection, and who writes the files
decides. Imports the types of `data`, and `memory` for its embedders. Near duplicates need the `data` extra, which
is loaded where they are looked for, and paraphrases the `embeddings` extra.
"""

from mainspring.data.cleaning.cleaning import CONTAMINATED, DUPLICATE, clean, clean_by_meaning
from mainspring.data.cleaning.decontamination import Contamination, Overlap
from mainspring.data.cleaning.duplicates import Duplicates, ExampleDuplicates, Match
from mainspring.data.cleaning.evaluation_sets import BrokenLine, Item, read_items
from mainspring.data.cleaning.meaning import MeaningDuplicates
from mainspring.data.cleaning.pii import Found, PiiKind, Redactor, find, redact
from mainspring.data.cleaning.privacy import PII, Policy
from mainspring.data.cleaning.splits import Piece, split

__all__ = [
    "CONTAMINATED",
    "DUPLICATE",
    "PII",
    "BrokenLine",
    "Contamination",
    "Duplicates",
    "ExampleDuplicates",
    "Found",
    "Item",
    "Match",
    "MeaningDuplicates",
    "Overlap",
    "Piece",
    "PiiKind",
    "Policy",
    "Redactor",
    "clean",
    "clean_by_meaning",
    "find",
    "read_items",
    "redact",
    "split",
]
