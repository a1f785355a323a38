"""Embedders: a small model in this process, the `/embeddings` of a configured one, and a scripted one for tests.

The first two are imported when they are opened; the one in this process needs the `embeddings` extra.
"""

from mainspring.memory.embedders.opening import MINILM, open_embedder
from mainspring.memory.embedders.scripted import ScriptedEmbedder

__all__ = ["MINILM", "ScriptedEmbedder", "open_embedder"]
