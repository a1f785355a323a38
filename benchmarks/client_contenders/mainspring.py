"""Mainspring's `ChatModel`, asked as an agent asks it, with everything but its mode at its defaults."""

from collections.abc import Callable

from benchmarks.client_contender import INSTRUCTIONS, QUESTION, Client, Said
from benchmarks.instant_server import MODEL
from mainspring.core import Conversation, Message, OnDelta, Options, Request, Sampling
from mainspring.models import ChatModel


def connect(base_url: str) -> Client:
    """Make one model; every call has a conversation of its own, which is encoded anew."""
    model = ChatModel(MODEL, base_url=base_url, mode="native")
    messages = (Message.system(INSTRUCTIONS), Message.user(QUESTION))
    options, sampling = Options(), Sampling()

    async def ask(on_delta: OnDelta | None = None) -> Said:
        reply = await model.ask(Request(Conversation(messages), options, sampling), on_delta)
        return Said(reply.message.text, reply.usage.output_tokens)

    async def stream(on_text: Callable[[str], None]) -> Said:
        return await ask(on_text)

    return Client(ask, stream)
