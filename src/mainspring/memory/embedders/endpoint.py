"""Vectors from a server that speaks the OpenAI-compatible `/embeddings` wire."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from mainspring.core.errors import ModelReplyError, ModelTimeout
from mainspring.memory.embedder import Vector
from mainspring.models.deadline import Deadline
from mainspring.models.http import Server, post_json

FLOOR: Final = 0.3
DEADLINE_S: Final = 60.0


class EndpointEmbedder:
    """Asks a model server for vectors.

    Args:
        model: The model's name at its server. A server that gives it other weights should give it another name.
        server: Where it is; a server that has to be started is started at the first text.
        floor: The least cosine of a question and a note that fits it, which differs from model to model.
        deadline_s: Seconds a call may take.
    """

    def __init__(self, model: str, *, server: Server, floor: float = FLOOR, deadline_s: float = DEADLINE_S) -> None:
        self.floor: float = floor
        self._model = model
        self._server = server
        self._deadline_s = deadline_s

    def __repr__(self) -> str:
        return f"EndpointEmbedder({self._model!r})"

    @property
    def digest(self) -> str:
        """The name of the space: that of the model, wherever it is served."""
        return hashlib.sha256(f"endpoint {self._model}".encode()).hexdigest()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give a vector for each text.

        Raises:
            ModelRefused: The request cannot succeed as it is, as where the server makes no vectors.
            ModelUnavailable: The server was not available.
            ModelTimeout: The deadline passed.
            ModelReplyError: What came back holds no vectors.
        """
        body = orjson.dumps({"model": self._model, "input": list(texts), "encoding_format": "float"})
        try:
            with Deadline(self._deadline_s):
                address = await self._server.ready()
                reply = await post_json(address, "/embeddings", body)
        except TimeoutError as error:
            raise ModelTimeout(
                f"model {self._model!r} did not embed {len(texts)} texts within {self._deadline_s:g} s; "
                "give it a longer deadline_s"
            ) from error
        return self._read(reply, len(texts))

    def _read(self, reply: dict[str, Any], n_texts: int) -> list[Vector]:
        try:
            data = sorted(_Reply.model_validate(reply).data, key=lambda item: item.index)
        except ValidationError as error:
            raise ModelReplyError(
                f"model {self._model!r} gave no vectors ({error.errors()[0]['msg']}); does it serve /embeddings?"
            ) from error
        if [item.index for item in data] != list(range(n_texts)):
            raise ModelReplyError(f"model {self._model!r} gave {len(data)} vectors for {n_texts} texts")
        return [item.embedding for item in data]


class _Embedding(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    index: int
    embedding: list[float]


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True)

    data: list[_Embedding]
