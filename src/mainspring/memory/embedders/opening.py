"""From a name to an embedder."""

from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.memory.embedder import Embedder

MINILM: Final = "minilm"
"""all-MiniLM-L6-v2 in this process: English, 23 MB that are fetched at the first use."""


def open_embedder(name: str) -> Embedder:
    """Open an embedder; nothing is fetched or asked before its first text.

    Args:
        name: `minilm` for the one in this process, or a model as `open_model` takes it, whose server answers
            `/embeddings`.

    Raises:
        ConfigError: A package that it needs is missing, or the name leads nowhere or to a pool.
    """
    if name == MINILM:
        from mainspring.memory.embedders.minilm import MiniLm

        return MiniLm()
    from mainspring.memory.embedders.endpoint import EndpointEmbedder
    from mainspring.models.chat import ChatModel
    from mainspring.models.open import open_model

    model = open_model(name)
    if not isinstance(model, ChatModel):
        raise ConfigError(
            f"model {name!r} is a pool, whose members may differ in the vectors they give; name one server"
        )
    return EndpointEmbedder(model.model, server=model.server)
