"""Keys of what is kept: the SHA-256 of everything that it depends on."""

import hashlib

from pydantic_core import to_json


def key_of(stage: str, *depends_on: object) -> str:
    """Give the key under which what a stage came to is kept.

    Args:
        stage: What was done.
        depends_on: Everything that its result follows from, as values of JSON.
    """
    return hashlib.sha256(to_json((stage, depends_on))).hexdigest()
