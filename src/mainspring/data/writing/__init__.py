"""What a build is written as: candidates, and the shards, provenance and card that are derived from them.

A dataset can be written again at any time, in another format or after a person's decisions; nothing is lost by it.
Imports the contract types of `mainspring.data` and nothing else of it.
"""

from mainspring.data.writing.candidates import CandidateWriter, read_candidates
from mainspring.data.writing.chosen import Chosen, choose, read_decisions
from mainspring.data.writing.dataset import write_dataset
from mainspring.data.writing.folder import (
    Dataset,
    Decision,
    DocumentRow,
    FormatName,
    JudgeRates,
    ProvenanceRow,
    Report,
    Spent,
)
from mainspring.data.writing.format import Format, Row, Words
from mainspring.data.writing.formats import FORMATS, format_of
from mainspring.data.writing.lines import read_lines, write_lines
from mainspring.data.writing.sources import read_dataset, read_documents, read_report

__all__ = [
    "FORMATS",
    "CandidateWriter",
    "Chosen",
    "Dataset",
    "Decision",
    "DocumentRow",
    "Format",
    "FormatName",
    "JudgeRates",
    "ProvenanceRow",
    "Report",
    "Row",
    "Spent",
    "Words",
    "choose",
    "format_of",
    "read_candidates",
    "read_dataset",
    "read_decisions",
    "read_documents",
    "read_lines",
    "read_report",
    "write_dataset",
    "write_lines",
]
