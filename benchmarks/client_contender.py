"""What a contender of `client.py` is: something that sends one conversation to a server and reads the reply.

Also holds the conversation, so that all send the same one: its request is about 700 bytes long. Every call encodes
it anew and takes text and usage out of the reply, since that is the least that a client is there for.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

INSTRUCTIONS: Final = (
    "You answer questions about the history of ships. Say what is known and where it is written down, name the "
    "year and the yard where you can, and say so plainly where the sources disagree or are silent. Keep to three "
    "sentences unless you are asked for more."
)
QUESTION: Final = (
    "Which was the first ship whose hull was welded throughout instead of riveted, who built her and in which year "
    "was she launched? I have read two different dates for it and should like to know which of them the yard's own "
    "papers support, and whether she was a merchantman or built for a navy. What became of her after the war?"
)
API_KEY: Final = "none"  # the server asks for no key, some clients insist on having one
TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a client hands to whoever called it."""

    text: str
    n_tokens: int
    """Tokens of the reply, as the server counts them."""


@dataclass(frozen=True, slots=True)
class Client:
    """The two things that are measured of a client."""

    call: Callable[[], Awaitable[Said]]
    """Asks, and gives the whole reply."""
    stream: Callable[[Callable[[str], None]], Awaitable[Said]]
    """Asks for a stream, tells each piece of text as it comes, and gives the whole in the end."""


def messages() -> list[dict[str, str]]:
    """Give the conversation as the wire has it."""
    return [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": QUESTION}]
