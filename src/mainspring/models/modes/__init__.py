"""The three ways to make a model act, behind one protocol.

`structured` holds the whole step to a JSON schema, `native` uses the server's tool calls, `text` uses words.
"""

from typing import Final

from mainspring.models.modes.mode import Mode, ModeName, WireCall, Written
from mainspring.models.modes.native import Native
from mainspring.models.modes.structured import Structured, by_llguidance
from mainspring.models.modes.text import Plain

MODES: Final[dict[ModeName, Mode]] = {"structured": Structured(), "native": Native(), "text": Plain()}

EMBEDDED: Final[dict[ModeName, Mode]] = MODES | {"structured": Structured(by_llguidance)}
"""The same for the embedded server, which holds a schema better by a grammar of its own."""

__all__ = ["EMBEDDED", "MODES", "Mode", "ModeName", "WireCall", "Written"]
