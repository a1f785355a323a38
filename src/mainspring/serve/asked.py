"""A client's request as it came in: what the gateway has to know of it, and the body a member is sent.

Fields that the gateway does not know go through as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mainspring.models.chat import ChatModel
from mainspring.serve.refusals import bad_request

_LIMITS: Final = ("max_completion_tokens", "max_tokens")
_BEGINNING: Final = 2
"""How many messages tell conversations apart: instructions and the first words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    path: str
    """Below `/v1`: `/chat/completions` or `/embeddings`."""
    fields: Mapping[str, Any]
    n_bytes: int
    session: str
    """Whose conversation it belongs to."""
    max_output_tokens: int | None
    """What each choice of the reply may have; None where nothing was said."""
    n_choices: int = 1

    @property
    def model(self) -> str:
        """The name it asks for."""
        return str(self.fields["model"])

    @property
    def is_streamed(self) -> bool:
        """Whether the reply is to come piece by piece."""
        return bool(self.fields.get("stream"))

    @property
    def wants_usage(self) -> bool:
        """Whether the client asked for the usage at the end of the stream."""
        options = self.fields.get("stream_options")
        return isinstance(options, dict) and bool(options.get("include_usage"))

    def body(self, model: ChatModel, max_output_tokens: int | None) -> bytes:
        """Give the bytes that a member is sent.

        Args:
            model: The member's model.
            max_output_tokens: A bound on each reply where the request has none; None for no bound.
        """
        fields = {**self.fields, **model.extra_body, "model": model.model}
        if self.path == "/chat/completions":
            given = [value for name in _LIMITS if (value := fields.pop(name, None)) is not None]
            bound = given[0] if given else max_output_tokens
            if bound is not None:
                fields[model.max_tokens_field] = bound
        if self.is_streamed:
            options = fields.get("stream_options")
            fields["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
        return _encoded(fields)


def read(path: str, body: bytes, session: str) -> Asked:
    """Read a request.

    Args:
        path: Below `/v1`.
        body: As it came.
        session: What the client calls its conversation; told by its beginning where that is empty.

    Raises:
        Refused: It is not JSON, or no request.
    """
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the request is not JSON: {error}") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("model"), str):
        raise bad_request("the request has to be an object with a `model`")
    if path == "/chat/completions":
        _check_chat(fields)
    bounds = [number for name in _LIMITS if (number := _number(fields, name)) is not None]
    return Asked(
        path,
        fields,
        len(body),
        session or _session(fields),
        max_output_tokens=bounds[0] if bounds else None,
        n_choices=_number(fields, "n") or 1,
    )


def _check_chat(fields: Mapping[str, Any]) -> None:
    messages, stream = fields.get("messages"), fields.get("stream")
    if not isinstance(messages, list) or not messages or not all(isinstance(item, dict) for item in messages):
        raise bad_request("`messages` has to be a list of objects with at least one in it")
    if stream is not None and not isinstance(stream, bool):
        raise bad_request(f"`stream` has to be true or false, not {stream!r}")


def _number(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if value is None or (type(value) is int and value > 0):
        return value
    raise bad_request(f"`{name}` has to be a whole number above 0, not {value!r}")


def _session(fields: Mapping[str, Any]) -> str:
    """Tell a conversation by the name it was given, or by how it begins: that stays the same as it grows."""
    if named := fields.get("prompt_cache_key"):
        return str(named)
    messages = fields.get("messages")
    return str(hash(_encoded(messages[:_BEGINNING]))) if isinstance(messages, list) else ""


def _encoded(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:  # what it reads it can write, unless it is nested very deeply
        raise bad_request(f"the request cannot be passed on: {error}") from error
