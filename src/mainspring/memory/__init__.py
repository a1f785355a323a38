"""Long-term memory: notes that outlive a conversation, found again by their words.

Every note keeps the label of what it was made from, so that what an untrusted page had written down is untrusted
when it is recalled. Imports `tools`, `prompts` and the core; a database is imported when a store on it is opened.
"""

from mainspring.memory.note import Kind, NewNote, Note, Scope
from mainspring.memory.opening import open_memory
from mainspring.memory.recollection import recollection
from mainspring.memory.store import Filter, Found, MemoryStore, Ranker
from mainspring.memory.tools import memory_tools

__all__ = [
    "Filter",
    "Found",
    "Kind",
    "MemoryStore",
    "NewNote",
    "Note",
    "Ranker",
    "Scope",
    "memory_tools",
    "open_memory",
    "recollection",
]
