"""Files into documents: one reader for each kind, each file in a process that it cannot take others down with.

`read_folder` is the way in; `read_bytes` reads in this process. What a file holds is data: it names no file, asks
nobody, and ends no process but its own. May import the contract types of `data` and `core`.
"""

from mainspring.data.reading.folder import read_folder
from mainspring.data.reading.language import language_of
from mainspring.data.reading.limits import Limits
from mainspring.data.reading.one import read_bytes
from mainspring.data.reading.reader import Reader
from mainspring.data.reading.skipped import Reason, Skipped, Unreadable

__all__ = [
    "Limits",
    "Reader",
    "Reason",
    "Skipped",
    "Unreadable",
    "language_of",
    "read_bytes",
    "read_folder",
]
