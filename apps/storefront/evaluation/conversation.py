"""A conversation with the shop: what the customer says, what is there before, and what must be true afterwards.

Conversations are written in `conversations/`, one file for each category, and numbered in the order of `CATEGORIES`
and of their files. What is not said to change must not change: no new order, no other address, no money back.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from apps.storefront.shop.catalogue import Grade, Kind, Stands
from apps.storefront.shop.orders import State

CATEGORIES: Final = ("weather", "choosing", "ordering", "refusing", "afterwards", "turns")
CUSTOMER: Final = "ada"
"""Who talks with the shop."""
AT_HOME: Final = "Ada Lovelace, Pier 4, 20457 Hamburg"
_FOLDER: Final = Path(__file__).parent / "conversations"

Human = Literal["approve", "deny", "nobody"]
"""What whoever is asked for a yes says; `nobody` where nobody may be asked, and who is says no."""
Number = Annotated[int, Field(ge=1, le=99)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wish(_Frozen):
    """Pieces that will do: those of the SKUs, or whatever has the attributes."""

    n: Number = 1
    skus: tuple[str, ...] = ()
    kind: Kind | None = None
    stands: Stands = "indoor"
    rain: Grade = 0
    frost: Grade = 0
    sun: Grade = 0
    salt: Grade = 0


class Earlier(_Frozen):
    """An order that is there before the conversation."""

    pieces: dict[str, Number]
    customer: str = CUSTOMER
    state: Literal["placed", "shipped", "delivered"] = "placed"
    days_ago: Number = 1
    """When it was placed."""


class Before(_Frozen):
    """What is there before the conversation."""

    orders: dict[str, Earlier] = {}
    """By names that stand for their ids in the customer's words: `{lamp}`."""
    left: dict[str, Annotated[int, Field(ge=0)]] = {}
    """How many of a piece are left, where that is not what the catalogue says."""


class Placed(_Frozen):
    """A new order that must be there, with the pieces of `pieces`, or with what fits the wishes."""

    pieces: dict[str, Number] = {}
    wishes: tuple[Wish, ...] = ()
    total: str = ""
    """With delivery; whatever the catalogue and the terms make it if not given."""
    goods_at_most: str = ""
    address: str = AT_HOME
    day: date | None = None
    """Of its delivery; any if not given."""


class Became(_Frozen):
    """What has become of an order that was there before; what is not given is as it was."""

    state: State | None = None
    address: str | None = None
    refunded: str = "0.00 EUR"
    broken: dict[str, Number] = {}
    """Pieces that were reported as broken."""


class Expect(_Frozen):
    """What must be true after the conversation."""

    orders: tuple[Placed, ...] = ()
    """All new orders that are placed; those that were only reserved, or cancelled again, do not count."""
    earlier: dict[str, Became] = {}
    quiet_turns: Annotated[int, Field(ge=0)] = 0
    """First turns of the customer after which nothing may have been ordered."""
    says: tuple[str, ...] = ()
    """What the answers must say, each as alternatives: `31`, `shipped|on its way`."""
    needs: str = ""
    """The needs of the weather that they must say: `rain 3, frost 2, sun 1, salt 2`."""
    offers: tuple[Wish, ...] = ()
    """Furniture that they must name."""
    offers_at_most: str = ""
    """What the cheapest choice of the furniture they name may cost together."""
    declines: bool = False
    """Whether the last one must say that something cannot be done, or was not."""


class Conversation(_Frozen):
    """One conversation."""

    number: Number
    category: str
    name: str
    ask: Annotated[tuple[str, ...], Field(min_length=1)]
    """The customer's words, turn by turn."""
    human: Human = "nobody"
    note: str = ""
    """Where the expectation comes from, if that is not plain to see."""
    before: Before = Before()
    expect: Expect

    @model_validator(mode="after")
    def _hangs_together(self) -> "Conversation":
        if unknown := set(self.expect.earlier) - set(self.before.orders):
            raise ValueError(f"{self.name!r} expects something of orders that are not there before: {unknown}")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: an outcome holds for exactly this and nothing else."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def words(self, ids: Mapping[str, str]) -> tuple[str, ...]:
        """Give the customer's words, with the ids of the orders that they name."""
        return tuple(turn.format_map(ids) for turn in self.ask)


@cache
def conversations() -> tuple[Conversation, ...]:
    """Read all conversations."""
    written = [
        (category, fields)
        for category in CATEGORIES
        for fields in tomllib.loads((_FOLDER / f"{category}.toml").read_text(encoding="utf-8"))["conversation"]
    ]
    return tuple(
        Conversation.model_validate({"number": number, "category": category, **fields})
        for number, (category, fields) in enumerate(written, 1)
    )
