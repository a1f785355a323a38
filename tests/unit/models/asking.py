"""What the tests of the client share: a model, and something to ask it."""

from typing import Any

from mainspring import ChatModel
from mainspring.core import Message, Options, Request, Sampling, ToolSpec
from tests.unit.models.wire import Wire

LOOKUP = ToolSpec("lookup", "Look up.", {"type": "object", "properties": {"city": {"type": "string"}}})
TOOLS = Options(tools=(LOOKUP,))
KEY = "sk-very-secret"


def model(wire: Wire, **settings: Any) -> ChatModel:
    """Open the model of a scripted server: native, with a key, unless something else is said."""
    return ChatModel("m-1", **({"base_url": wire.base_url, "api_key": KEY, "mode": "native"} | settings))


def request(
    *messages: Message,
    options: Options | None = None,
    sampling: Sampling | None = None,
    turn: int = 0,
    session: str = "",
) -> Request:
    """Ask something: hello, unless something else is said."""
    said = messages or (Message.user("hello"),)
    return Request(said, options or Options(), sampling or Sampling(), turn=turn, session=session)
