"""Long-term memory: notes that outlive a conversation, found again by their words and by what they mean.

Every note keeps the label of what it was made from, so that what an untrusted page had written down is untrusted
when it is recalled. Imports `models`, `tools`, `prompts` and the core; a database is imported when a store on it is
opened, and what makes vectors when there is an embedder.
"""

from mainspring.memory.at import memory_at
from mainspring.memory.embedder import Embedder, Vector
from mainspring.memory.embedders import ScriptedEmbedder, open_embedder
from mainspring.memory.note import Kind, NewNote, Note, Scope
from mainspring.memory.opening import open_memory
from mainspring.memory.recollection import recollection
from mainspring.memory.store import Filter, Found, MemoryStore, Ranker
from mainspring.memory.tools import memory_tools

__all__ = [
    "Embedder",
    "Filter",
    "Found",
    "Kind",
    "MemoryStore",
    "NewNote",
    "Note",
    "Ranker",
    "Scope",
    "ScriptedEmbedder",
    "Vector",
    "memory_at",
    "memory_tools",
    "open_embedder",
    "open_memory",
    "recollection",
]
