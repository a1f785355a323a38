"""A GGUF, served by llama.cpp, held against answers that are known: does it choose the same words?

A single difference early in an answer makes all that follows different. So after each one the server is set right,
and goes on behind the word that was expected: what is counted is choices, each made after the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json, to_json

from mainspring.core import JsonObject
from mainspring.models.http import Address, post
from mainspring.train.job import Value

_CANDIDATES: Final = 20
"""Tokens whose probability is asked for at each step."""


class Asked(Value):
    """A conversation whose next words are wanted."""

    messages: tuple[JsonObject, ...]
    tools: tuple[JsonObject, ...] = ()
    """What the template is to tell of."""


class Expected(BaseModel):
    """A greedy answer, as PyTorch gave it."""

    model_config = ConfigDict(frozen=True)

    prompt: str
    """In the words of the template."""
    prompt_ids: tuple[int, ...]
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    margins: tuple[float, ...]
    """By how much each token's log-probability is above that of the next best one."""


class Agreement(Value):
    """How the server's choices for one prompt agree with PyTorch's."""

    question: str
    """The beginning of the last message."""
    tokens: int
    """Choices that were compared."""
    agreeing: int
    clearest_difference: float
    """PyTorch's margin, in nats, at the choice that differed against the largest one; near 0, it was a tie."""
    same_prompt: bool
    """Whether the server's own template and tokenizer make the same tokens of the conversation."""
    logprob_difference: float | None
    """Mean distance of the two logarithms of the expected token's probability; None where the server gave none."""

    @property
    def is_whole(self) -> bool:
        """Whether every choice was the same."""
        return self.agreeing == self.tokens


@dataclass(frozen=True, slots=True)
class _Choice:
    token: int
    logprobs: dict[int, float]


async def agreement(address: Address, asked: Asked, expected: Expected) -> Agreement:
    """Have a server answer a conversation, choice by choice.

    Raises:
        ModelError: It does not answer.
    """
    at, agreeing, distances, clearest = 0, 0, list[float](), 0.0
    while at < len(expected.ids):
        choices = await _continued(address, (*expected.prompt_ids, *expected.ids[:at]), len(expected.ids) - at)
        for choice in choices or [_Choice(-1, {})]:
            wanted, logprob, margin = expected.ids[at], expected.logprobs[at], expected.margins[at]
            at += 1
            if wanted in choice.logprobs:
                distances.append(abs(choice.logprobs[wanted] - logprob))
            if choice.token != wanted:
                clearest = max(clearest, margin)
                break
            agreeing += 1
    return Agreement(
        question=str(asked.messages[-1]["content"])[:80],
        tokens=len(expected.ids),
        agreeing=agreeing,
        clearest_difference=clearest,
        same_prompt=await _own_ids(address, asked) == list(expected.prompt_ids),
        logprob_difference=round(sum(distances) / len(distances), 6) if distances else None,
    )


async def _continued(address: Address, ids: Sequence[int], n_tokens: int) -> list[_Choice]:
    """Have the server go on behind tokens, always with the likeliest."""
    said = await _ask(
        address,
        "/completion",
        {
            "prompt": ids,
            "n_predict": n_tokens,
            "temperature": 0,
            "n_probs": _CANDIDATES,
            "cache_prompt": False,
            "return_tokens": True,
        },
    )
    tokens, seen = said["tokens"], said.get("completion_probabilities", ())
    if len(seen) != len(tokens):  # it tells nothing of tokens that end within a character
        return [_Choice(token, {}) for token in tokens]
    return [_Choice(one["id"], {top["id"]: top["logprob"] for top in one["top_logprobs"]}) for one in seen]


async def _own_ids(address: Address, asked: Asked) -> list[int]:
    """Have the server write a conversation by its template, and cut it into tokens."""
    written = await _ask(address, "/apply-template", asked.model_dump(exclude_defaults=True))
    cut = await _ask(address, "/tokenize", {"content": written["prompt"], "parse_special": True})
    ids: list[int] = cut["tokens"]
    return ids


async def _ask(address: Address, path: str, body: dict[str, object]) -> Any:
    root = Address(address.base_url.removesuffix("/v1"), address.api_key)
    return from_json(await post(root, path, to_json(body)))
