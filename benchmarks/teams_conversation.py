"""What a long conversation sends to its model, with and without compaction, and what of it a prefix cache serves.

A customer asks about forty pieces of furniture, one turn each, and is told about each in two or three sentences.
What is said is scripted; the tokens are counted by a real model's chat template and tokenizer, for each prompt as
it would be sent. A prompt is served from the cache as far as it begins like an earlier prompt and its reply; what
has to be read is the rest. With compaction, what the summarizer reads counts too.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

import aiohttp
from pydantic_core import to_json

from apps.storefront.shop.catalogue import Piece, read_pieces
from mainspring import Agent, ChatModel, Context
from mainspring.core import Answer, Message, OnDelta, Reply, Request, Usage
from mainspring.core.events import Compacted
from mainspring.models.open import open_model

N_TURNS: Final = 40
WINDOW_TOKENS: Final = 2048
MODEL: Final = "local:smollm2-135m"
"""Whose template and tokenizer count."""
_INSTRUCTIONS: Final = "You sell garden furniture. Answer in two or three sentences, and only from the catalogue."
_N_NOTED: Final = 8
"""Pieces that a summary says something of."""

Figures = dict[str, float]


class Tokenizer(Protocol):
    """Makes of a conversation what a model reads."""

    async def prompt(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Put a conversation into the words of the model's chat template."""
        ...

    async def tokens(self, text: str) -> Sequence[int]:
        """Split a text into tokens."""
        ...


class ServedTokenizer:
    """Asks a llama.cpp server.

    Args:
        session: Knows the server's address and key.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def prompt(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Put a conversation into the words of the model's chat template."""
        async with self._session.post("/apply-template", json={"messages": messages}) as reply:
            return str((await reply.json())["prompt"])

    async def tokens(self, text: str) -> Sequence[int]:
        """Split a text into tokens."""
        asked = {"content": text, "add_special": False, "parse_special": True}
        async with self._session.post("/tokenize", json=asked) as reply:
            return list((await reply.json())["tokens"])


@asynccontextmanager
async def embedded_tokenizer() -> AsyncIterator[Tokenizer]:
    """Start the embedded model for its tokenizer; nothing is generated."""
    model = open_model(MODEL)
    assert isinstance(model, ChatModel)
    address = await model.server.ready()
    headers = {"Authorization": f"Bearer {address.api_key}"}
    root = address.base_url.removesuffix("/v1")
    async with aiohttp.ClientSession(root, headers=headers, raise_for_status=True) as session:
        yield ServedTokenizer(session)


class CountedModel:
    """Says what it is told to, counts the tokens it reads, and those that a prefix cache would have served.

    Args:
        name: What it is recorded as.
        line: Gives the reply to a request.
        tokenizer: Counts.
    """

    def __init__(self, name: str, line: Callable[[Request], str], tokenizer: Tokenizer) -> None:
        self.name = name
        self.read: list[Usage] = []
        """What was counted, call by call."""
        self._line = line
        self._tokenizer = tokenizer
        self._known: list[Sequence[int]] = []

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:  # noqa: ARG002 - nothing to stream
        """Say the next line."""
        prompt = await self._tokenizer.prompt(_as_sent(request))
        read = await self._tokenizer.tokens(prompt)
        line = self._line(request)
        together = await self._tokenizer.tokens(prompt + line)
        cached = max((_n_alike(read, known) for known in self._known), default=0)
        self._known.append(together)
        usage = Usage(
            input_tokens=len(read),
            output_tokens=max(0, len(together) - len(read)),
            cached_tokens=cached,
            model_calls=1,
        )
        self.read.append(usage)
        decision = Answer(value=line)
        message = Message(role="assistant", parts=decision.parts, label=request.label)
        return Reply(message, decision, usage, "stop", self.name)


async def measure_conversation(tokenizer: Tokenizer, *, n_turns: int = N_TURNS) -> Figures:
    """Measure the same conversation without compaction and with it.

    Args:
        tokenizer: Counts.
        n_turns: How often the customer asks.
    """
    plain, _ = await _held(tokenizer, n_turns)
    compacted, summaries = await _held(tokenizer, n_turns, WINDOW_TOKENS)
    return {**plain, **{f"{name}_compacted": value for name, value in compacted.items()}, **summaries}


async def _held(tokenizer: Tokenizer, n_turns: int, window_tokens: int | None = None) -> tuple[Figures, Figures]:
    """Hold the conversation, each turn a run that is handed what was said; tell of its prompts and summaries."""
    pieces = read_pieces()[:n_turns]
    model = CountedModel("bench:clerk", lambda request: _told(pieces, request), tokenizer)
    notes = CountedModel("bench:notes", lambda _: _noted(pieces), tokenizer)
    context = None if window_tokens is None else Context(window_tokens=window_tokens, summarizer=notes)
    clerk = Agent("clerk", instructions=_INSTRUCTIONS, model=model, context=context)
    said: tuple[Message, ...] = ()
    used, n_compactions = Usage(), 0
    for piece in pieces:
        result = await clerk.run(_asked(piece), messages=said)
        assert piece.sku in result.output, f"the answer about {piece.sku} is {result.output!r}"
        said, used = result.messages, used + result.usage
        n_compactions += sum(isinstance(event, Compacted) for event in result.events)
    n_counted = sum(usage.input_tokens for usage in (*model.read, *notes.read))
    assert n_counted == used.input_tokens, f"{n_counted} tokens were read, and the runs say {used.input_tokens}"
    sent: Figures = {
        "prompt_tokens": used.input_tokens,
        "cached_tokens": used.cached_tokens,
        "read_tokens": used.input_tokens - used.cached_tokens,
        "longest_prompt_tokens": max(usage.input_tokens for usage in model.read),
    }
    n_summarized = sum(usage.input_tokens for usage in notes.read)
    return sent, {"n_compactions": n_compactions, "summarizer_tokens": n_summarized}


def _as_sent(request: Request) -> list[dict[str, str]]:
    """Give the messages of a request; tools are told in the instructions, as a mode in words does."""
    sent = [{"role": message.role, "content": message.text} for message in request.messages]
    if request.options.tools:
        sent[0]["content"] += "\n" + to_json(request.options.tools).decode()
    return sent


def _n_alike(read: Sequence[int], known: Sequence[int]) -> int:
    """Count the tokens with which both begin."""
    pairs = zip(read, known, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(read), len(known)))


def _asked(piece: Piece) -> str:
    return f"What can you tell me about {piece.sku}, the {piece.name}? May it stay outside in winter?"


def _told(pieces: Sequence[Piece], request: Request) -> str:
    asked = request.messages[-1].text
    piece = next(piece for piece in pieces if f"{piece.sku}," in asked)
    return f"{piece.sku} costs {piece.price}, and {piece.stock} are left. {piece.description}"


def _noted(pieces: Sequence[Piece]) -> str:
    return "The customer asked about these pieces, and was told their prices: " + "; ".join(
        f"{piece.sku}, {piece.name}, {piece.price}, {piece.stands}" for piece in pieces[:_N_NOTED]
    )
