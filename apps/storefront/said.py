"""What was said: forms are held against the conversation, because a small model makes up what it lacks.

An address, an amount or a deed has to stand in the customer's own words; a SKU or an order may stand in earlier
answers too. What a judge or a tool said on the way is said by nobody.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from apps.storefront.shop.catalogue import Kind
from mainspring.core import JsonObject, Message
from mainspring.teams import said

WHERETO: Final = ("name", "street", "postal_code", "city")
"""Fields that only the customer can know."""
_CALLED: Final[Mapping[Kind, str]] = {
    "chair": "chair|stool|seat",
    "table": "table|desk",
    "bench": "bench",
    "lounger": "lounger|sunbed|deckchair",
    "sofa": "sofa|couch|settee",
    "shelf": "shelf|shelves|shelving|bookcase",
    "storage": "storage|cabinet|chest|sideboard|wardrobe|box",
    "lamp": "lamp|light",
    "rug": "rug|carpet|mat",
    "planter": "planter|pot",
    "cushion": "cushion|pillow",
}
"""How customers call kinds of furniture."""
_SHORTEST_CHARS: Final = 4
"""Of words by which sentences are told to be about the same."""


@dataclass(frozen=True)
class Said:
    """A conversation, as forms are held against it."""

    customer: tuple[str, ...]
    """The customer's words, turn by turn."""
    answers: tuple[str, ...]
    """What the customer was told, turn by turn."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> "Said":
        """Read a conversation."""
        spoken = said(messages)
        return cls(
            tuple(message.text for message in spoken if message.role == "user"),
            tuple(message.text for message in spoken if message.role == "assistant"),
        )

    @property
    def last(self) -> str:
        """The customer's last words, in one line."""
        return " ".join(self.customer[-1].split()) if self.customer else ""

    @property
    def answer(self) -> str:
        """What the customer was told last."""
        return self.answers[-1] if self.answers else ""

    @cached_property
    def by_customer(self) -> str:
        """All of the customer's words, evened."""
        return even(" ".join(self.customer))

    @cached_property
    def by_anybody(self) -> str:
        """All words, evened."""
        return even(" ".join([*self.customer, *self.answers]))

    def unsaid(self, form: JsonObject, fields: Sequence[str] = WHERETO) -> list[str]:
        """Give the fields of a form that the customer has not said; one that is empty counts as said."""
        return [name for name in fields if not stands_in(self.by_customer, str(form[name]))]

    def completed(self, form: JsonObject) -> JsonObject:
        """Give a form whose street has the number that the customer said behind it: small models cut there."""
        street = str(form["street"])
        found = re.search(rf"{re.escape(even(street))} (\d{{1,4}}[a-z]?)\b", self.by_customer) if street else None
        return {**form, "street": f"{street} {found[1]}"} if found is not None else {**form}

    def speaks_of(self, words: object) -> bool:
        """Tell whether the customer has said one of the longer words."""
        return any(
            stands_in(self.by_customer, even(word))
            for word in re.findall(r"[\w-]+", str(words))
            if len(word) >= _SHORTEST_CHARS
        )


def stands_in(heard: str, value: str) -> bool:
    """Tell whether a value stands in evened words, and not cut off before its number."""
    cut = "" if any(char.isdigit() for char in value) else r"(?! ?\d)"
    return re.search(re.escape(even(value)) + cut, heard) is not None


def names(kind: str, heard: str) -> bool:
    """Tell whether evened words name a kind of furniture."""
    words = next((words for one, words in _CALLED.items() if one == kind), re.escape(kind))
    return re.search(rf"\b({words})", heard) is not None


def names_any(heard: str) -> bool:
    """Tell whether evened words name any kind of furniture."""
    return any(names(kind, heard) for kind in _CALLED)


def even(text: str) -> str:
    """Even out the case and the spaces of words."""
    return " ".join(text.casefold().split())
