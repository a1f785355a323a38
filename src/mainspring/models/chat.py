"""A model behind an OpenAI-compatible chat completions endpoint.

A conversation keeps the bytes of its messages as it grows, and the body of a request is made of them: a long
history costs no more to encode than a short one.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import orjson

from mainspring.core import Act, Conversation, Message, OnDelta, Options, Reply, Request, Sampling, Unusable, Usage
from mainspring.core.errors import ConfigError, ModelTimeout, ModelUnavailable, ReplyCut
from mainspring.models.deadline import Deadline
from mainspring.models.http import Address, Fixed, Server, Watch, post_events, post_json
from mainspring.models.modes import MODES, Mode, ModeName, Written
from mainspring.models.prices import FREE, Pricer
from mainspring.models.stream import Streamed, read_completion, read_usage

_PATH: Final = "/chat/completions"
_BACKOFF_S: Final = 0.5
_MAX_UNUSABLE_CHARS: Final = 2_000
_SERIAL: Final = itertools.count()
"""Tells apart what a message is encoded with: one message may be sent to many models."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is the same in all requests with the same options and sampling."""

    dialect: str
    encode: Callable[[Message, int], bytes]
    tail: bytes


class ChatModel:
    """Asks a model over the chat completions wire.

    Args:
        model: The model's name at its server.
        base_url: Where the server is, up to and including `/v1`; or give `server`.
        server: A server that may have to be started first.
        api_key: Sent as a bearer token, never shown.
        name: What it is recorded as; `model` if not given.
        mode: How it is made to act, by name or as one; `auto` probes the server once and keeps what was found.
        sampling: Used where a request leaves a gap.
        price: What calls cost; unknown if not given.
        deadline_s: Seconds a call may take, its retries included.
        progress_s: Seconds that a stream may bring nothing; as long as the deadline if not given.
        retries: How often a call is tried again when the server is unavailable.
        extra_body: Fields sent with every request as they are.
        max_tokens_field: What the server calls the bound on the reply's tokens.
        context_tokens: Tokens that a prompt and its reply may have together, where that is known.

    Raises:
        ConfigError: There is neither a server nor a base URL, or it is no URL.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing that can be said of an endpoint
        self,
        model: str,
        *,
        base_url: str | None = None,
        server: Server | None = None,
        api_key: str | None = None,
        name: str | None = None,
        mode: Mode | ModeName | Literal["auto"] = "auto",
        sampling: Sampling | None = None,
        price: Pricer | None = None,
        deadline_s: float = 120.0,
        progress_s: float | None = None,
        retries: int = 2,
        extra_body: Mapping[str, object] | None = None,
        max_tokens_field: str = "max_tokens",
        context_tokens: int | None = None,
    ) -> None:
        self.name: str = name or model
        self.model: str = model
        self.mode: Mode | ModeName | Literal["auto"] = mode
        self.sampling: Sampling = sampling or Sampling()
        self.server: Server = server or Fixed(Address(_checked(base_url, self.name), api_key))
        self._price = price
        self.deadline_s: float = deadline_s
        self.progress_s: float = progress_s or deadline_s
        self._retries = retries
        self.extra_body: dict[str, object] = dict(extra_body or {})
        self.max_tokens_field: str = max_tokens_field
        self.context_tokens: int | None = context_tokens
        self._last: tuple[Options, Sampling, Mode, _Prepared] | None = None
        self._head = b'{"model":' + orjson.dumps(model) + b',"messages":['
        self._prepared: WeakKeyDictionary[Options, dict[Sampling, _Prepared]] = WeakKeyDictionary()

    def __repr__(self) -> str:
        mode = self.mode if isinstance(self.mode, str) else self.mode.name
        return f"ChatModel({self.name!r}, mode={mode!r})"

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Ask for one decision.

        Raises:
            ModelRefused: The request cannot succeed as it is.
            ModelUnavailable: The server was not available, at the last retry either.
            ReplyCut: The reply broke off after some of it was told.
            ModelTimeout: The deadline passed.
        """
        try:
            with Deadline(self.deadline_s):
                return await self._with_retries(request, on_delta)
        except TimeoutError as error:
            raise ModelTimeout(
                f"model {self.name!r} did not answer within {self.deadline_s:g} s; "
                "give it a longer deadline_s, or a shorter prompt"
            ) from error

    def body(self, request: Request, mode: Mode, *, stream: bool = False) -> bytes:
        """Give the exact bytes that are sent for a request."""
        prepared = self._prepare(request, mode)
        said = request.messages if isinstance(request.messages, Conversation) else Conversation(request.messages)
        tail = b',"stream":true,"stream_options":{"include_usage":true}}' if stream else b"}"
        return b"".join((self._head, said.encoded(prepared.dialect, prepared.encode), b"]", prepared.tail, tail))

    def price(self, usage: Usage) -> Decimal | None:
        """Give the US dollars of a usage; None where they are not known."""
        return None if self._price is None else self._price(usage)

    def priced(self, usage: Usage) -> Usage:
        """Give a usage with its cost; where tokens were not counted nobody knows it, unless all is free."""
        if self._price is None or (not usage.input_tokens and self._price != FREE):
            return usage if usage.cost_usd is None else replace(usage, cost_usd=None)
        return replace(usage, cost_usd=self._price(usage))

    async def _mode(self) -> Mode:
        if self.mode == "auto":
            from mainspring.models.probe import probed_mode

            self.mode = await probed_mode(self.server, self.model, self.max_tokens_field)
        return MODES[self.mode] if isinstance(self.mode, str) else self.mode

    async def once(self, request: Request, on_delta: OnDelta | None = None, watch: Watch | None = None) -> Reply:
        """Make one call, without a deadline, and give up at the first failure.

        Args:
            request: What is asked.
            on_delta: Told each piece of text.
            watch: Told of the headers of a reply, and of its first content.

        Raises:
            ModelRefused: The request cannot succeed as it is.
            ModelUnavailable: The server was not available.
            ReplyCut: The reply broke off after some of it was told.
        """
        mode = await self._mode()
        body = self.body(request, mode, stream=on_delta is not None)
        address = await self.server.ready()
        on_headers = None if watch is None else watch.headers
        if on_delta is None:
            answer = await post_json(address, _PATH, body, on_headers)
            written, usage = read_completion(answer, address.hide)
            return self._reply(mode, request, written, usage, str(answer.get("model") or self.model))
        streamed = Streamed(on_delta, self.progress_s, None if watch is None else watch.commit)
        try:
            async with aclosing(post_events(address, _PATH, body, on_headers)) as events:
                await streamed.read(events)
        except ModelUnavailable as error:
            if not streamed.has_begun:
                raise
            raise ReplyCut(str(error), streamed.shown) from error
        return self._reply(
            mode, request, streamed.written(), read_usage(streamed.usage), streamed.model or self.model
        )

    async def _with_retries(self, request: Request, on_delta: OnDelta | None) -> Reply:
        """Try again what may pass; a stream of which something was shown is not begun anew."""
        for attempt in itertools.count():
            try:
                return await self.once(request, on_delta)
            except ReplyCut:
                raise
            except ModelUnavailable as error:
                wait_s = _BACKOFF_S * 2**attempt if error.retry_after_s is None else error.retry_after_s
                if attempt >= self._retries or wait_s > self.deadline_s:
                    raise
                await asyncio.sleep(wait_s)
        raise AssertionError("unreachable")

    def _reply(self, mode: Mode, request: Request, written: Written, usage: Usage, model: str) -> Reply:
        decision = mode.decide(written, request.options, request.turn)
        raw: str | None = written.text
        if isinstance(decision, Unusable):
            said = written.text or "\n".join(f"{call.name} {call.arguments}" for call in written.calls)
            raw = said[:_MAX_UNUSABLE_CHARS]
            decision = replace(decision, written=raw)
        elif mode.name == "native" and isinstance(decision, Act) and not written.calls:
            raw = None  # a call spoken in prose goes back as the call it was taken for
        return Reply(
            message=Message(role="assistant", parts=decision.parts, label=request.label, raw=raw),
            decision=decision,
            usage=self.priced(usage),
            finish_reason=written.finish_reason,
            model=model,
        )

    def _prepare(self, request: Request, mode: Mode) -> _Prepared:
        last = self._last
        if last is not None and last[0] is request.options and last[1] is request.sampling and last[2] is mode:
            return last[3]
        prepared = self._find_prepared(request, mode)
        self._last = (request.options, request.sampling, mode, prepared)
        return prepared

    def _find_prepared(self, request: Request, mode: Mode) -> _Prepared:
        by_sampling = self._prepared.setdefault(request.options, {})
        prepared = by_sampling.get(request.sampling)
        if prepared is None:
            mode_fields = dict(mode.fields(request.options))
            fields = mode_fields | self._sampling_fields(request.sampling, mode_fields) | self.extra_body
            prepared = by_sampling[request.sampling] = _Prepared(
                dialect=f"{mode.name}/{self.name}/{next(_SERIAL)}",
                encode=partial(_encode, mode, mode.preamble(request.options)),
                tail=b"," + orjson.dumps(fields)[1:-1] if fields else b"",
            )
        return prepared

    def _sampling_fields(self, asked: Sampling, mode_fields: Mapping[str, Any]) -> dict[str, object]:
        sampling = asked.over(self.sampling)
        fields: dict[str, object] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
            self.max_tokens_field: sampling.max_output_tokens,
            "stop": [*mode_fields.get("stop", ()), *sampling.stop] or None,
        }
        return {name: value for name, value in fields.items() if value is not None}


def _checked(base_url: str | None, name: str) -> str:
    if base_url is None or not base_url.startswith(("http://", "https://")):
        raise ConfigError(
            f"model {name!r} has the base_url {base_url!r}; give it one that begins with http:// or https://"
        )
    return base_url.rstrip("/")


def _encode(mode: Mode, preamble: str, message: Message, place: int) -> bytes:
    """Put a message into wire bytes; the preamble goes behind the instructions, or before anything else."""
    wire = mode.wire(message)
    if place == 0 and preamble:
        if message.role == "system":
            wire = [{"role": "system", "content": f"{message.text}\n\n{preamble}"}]
        else:
            wire.insert(0, {"role": "system", "content": preamble})
    return b",".join(map(orjson.dumps, wire))
