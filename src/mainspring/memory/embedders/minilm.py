"""all-MiniLM-L6-v2 in this process: word pieces, a small network, the mean of what it gives for each piece.

Vectors do not depend on what else is embedded, nor on the machine: texts go through the network one by one, on one
thread. They go through it in a thread of their own, so that an event loop goes on meanwhile.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from mainspring.core.errors import ConfigError
from mainspring.core.threads import in_daemon_thread
from mainspring.memory.embedder import Vector
from mainspring.models.files import embedder_files, fetch

try:
    import numpy as np
    import onnxruntime  # type: ignore[import-untyped]  # it comes without types
    from tokenizers import Tokenizer
except ImportError as error:
    raise ConfigError(
        f"embeddings in this process need onnxruntime ({error}): pip install 'mainspring[embeddings]'"
    ) from error

FLOOR: Final = 0.25
"""Questions that no note has anything to do with stay below it (benchmarks/memory.py)."""
_MAX_TOKENS: Final = 256
"""Of one text; it was trained on no more, and what is longer is cut."""
_WEIGHTS, _TOKENIZER = "minilm", "minilm-tokenizer"
_loading: Final = threading.Lock()


class MiniLm:
    """Embeds English; opened as often as one likes, its files are read once in a process.

    Args:
        cache_dir: The folder its files are fetched to; the user's own cache if not given.
    """

    floor: float = FLOOR
    digest: str = embedder_files()[_WEIGHTS].sha256

    def __init__(self, *, cache_dir: Path | None = None) -> None:
        self._cache_dir = cache_dir

    def __repr__(self) -> str:
        return "MiniLm()"

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give 384 numbers for each text; the first call fetches the files where they are missing.

        Raises:
            DownloadError: No source could give the files.
        """
        return await in_daemon_thread(lambda: self._embedded(texts))

    def _embedded(self, texts: Sequence[str]) -> list[Vector]:
        with _loading:  # two that begin at once read the files once
            network = _load(self._cache_dir)
        return [network.vector(text) for text in texts]


@dataclass(frozen=True, slots=True)
class _Network:
    session: Any
    tokenizer: Tokenizer

    def vector(self, text: str) -> Vector:
        """Give the mean over what the network says of each token."""
        tokens = np.array([self.tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        (hidden,) = self.session.run(None, inputs)
        mean: list[float] = hidden[0].mean(axis=0).tolist()
        return mean


@cache
def _load(cache_dir: Path | None) -> _Network:
    known = embedder_files()
    weights, words = (fetch(known[name], cache_dir=cache_dir) for name in (_WEIGHTS, _TOKENIZER))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(words))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=_MAX_TOKENS)
    return _Network(session, tokenizer)
