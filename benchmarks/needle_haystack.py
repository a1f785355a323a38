"""A text of any length with facts at even depths, and how many of them a model finds again.

The passkey test of landmark attention (2305.16300), with several keys in one text, so that it is read once for all
of them: the server keeps the text, and reads only each question anew.
"""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from mainspring.models.http import Address, post_json

FACTS: Final = (
    "The password of the old library is",
    "My grandmother's telephone number is",
    "The captain's lucky number is",
    "The safe in the cellar opens with",
    "The winning lottery ticket was",
    "The treasure lies under stone",
    "The night train to Madrid leaves as number",
    "The secret agent answers to",
)
"""Beginnings of sentences, unlike each other, so that none is taken for another."""
_NOISE: Final = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. "
_NOISE_TOKENS: Final = 24.7
"""What SmolLM2 makes of it."""
_MAX_TOKENS: Final = 8


@dataclass(frozen=True, slots=True)
class Haystack:
    """A text and the keys that are hidden in it, by the beginnings of their sentences."""

    text: str
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What came back."""

    n_tokens: int
    """Tokens of the longest prompt."""
    n_keys: int
    n_found: int
    replies: tuple[str, ...]


def haystack(n_tokens: int, *, within: float = 1.0, seed: int = 0) -> Haystack:
    """Make a text with sentences that end in five digits, evenly apart.

    Args:
        n_tokens: About how long it is.
        within: The share of the text, from its beginning, in which the sentences stand. Rotary positions count how
            far back something is, so what is closer than the trained context is found without a scaling too.
        seed: Draws the digits.
    """
    numbers = random.Random(seed)
    keys = {fact: str(numbers.randint(10_000, 99_999)) for fact in FACTS}
    n_noise = int(n_tokens / _NOISE_TOKENS)
    depths = {int((place + 0.5) / len(keys) * within * n_noise): fact for place, fact in enumerate(keys)}
    parts = []
    for place in range(n_noise):
        if fact := depths.get(place):
            parts.append(f"{fact} {keys[fact]}. ")
        parts.append(_NOISE)
    return Haystack("".join(parts), keys)


async def search(address: Address, hay: Haystack) -> Found:
    """Have a server complete the beginning of each sentence behind the text, and count the keys that come back."""
    n_tokens, replies = 0, []
    for fact in hay.keys:
        fields = {"prompt": hay.text + fact, "max_tokens": _MAX_TOKENS, "temperature": 0, "cache_prompt": True}
        said = await post_json(address, "/completions", orjson.dumps(fields))
        replies.append(str(said["choices"][0]["text"]))
        n_tokens = max(n_tokens, int(said["usage"]["prompt_tokens"]))
    n_found = sum(key in reply for key, reply in zip(hay.keys.values(), replies, strict=True))
    return Found(n_tokens, len(hay.keys), n_found, tuple(replies))


def said_to_be_trained_for(n_tokens: int, file: Path, folder: Path) -> Path:
    """Copy a model file with a longer context in its header, so that it is served beyond its own without scaling.

    The weights are untouched: llama.cpp serves no more than the header says, and so would refuse the text.
    """
    copy = folder / f"said-to-be-{n_tokens}.gguf"
    shutil.copyfile(file, copy)
    with copy.open("r+b") as opened:
        head = opened.read(1 << 16)
        key = b".context_length" + (4).to_bytes(4, "little")  # 4: the value is an unsigned number of four bytes.
        opened.seek(head.index(key) + len(key))
        opened.write(n_tokens.to_bytes(4, "little"))
    return copy
