"""Readers that a user might have written, most of them badly."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mainspring.data import Document
from mainspring.data.reading import read_bytes

HERE = __name__


@dataclass(frozen=True, slots=True)
class Bad:
    """Does what the bytes of the file say, then gives them as its text."""

    kind: str = "bad"
    suffixes: frozenset[str] = frozenset({".bad"})

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Do it."""
        deed, _, path = raw.decode().partition(" ")
        if deed == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif deed == "hang":
            signal.pause()
        elif deed == "grow":
            bytearray(1 << 40)
        elif deed == "touch":  # The file that is being read.
            with Path(path).open("ab") as file:
                file.write(b"more")
        elif deed == "wait":
            Path(path).read_bytes()
        elif deed == "go":
            Path(path).write_bytes(b"go")
        return [document.model_copy(update={"name": name}) for document in read_bytes(raw, f"{name}.txt")]


def fails() -> Bad:
    """Fail to be made."""
    raise RuntimeError("no such engine")
