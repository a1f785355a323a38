"""Fields that tools take and hand back: pieces, an amount to keep to, what was found, what is reserved.

They are few and plain, because a small model copies them from one call into the next.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Sku = Annotated[str, Field(pattern=r"^[A-Z0-9-]{3,24}$", description="copied from what was said")]
Total = Annotated[str, Field(pattern=r"^([0-9][0-9,]*\.[0-9]{2} [A-Z]{3})?$")]
Euro = Annotated[int, Field(ge=0, description="the most that all pieces may cost; 0 if no limit is said")]


class Fields(BaseModel):
    """Named fields, and no others."""

    model_config = ConfigDict(extra="forbid")


class Item(Fields):
    """Pieces to be ordered."""

    sku: Sku
    number: Annotated[int, Field(ge=1, le=99)]


class Choice(Fields):
    """What was found."""

    items: Annotated[list[Item], Field(max_length=8)]
    total: Total
    """What they cost together, without delivery; empty where nothing was found."""
    says: str
    """All of it in words, for the customer."""


class BoughtLine(Fields):
    """Pieces of an order that there is."""

    sku: str
    kind: str
    name: str
    number: int
    price: str
    """What one costs."""
    broken: int
    """How many of them were reported as broken."""


class Bought(Fields):
    """An order that there is."""

    order: str
    """Its number."""
    state: str
    name: str
    """Whom it goes to; empty if nobody has said."""
    lines: list[BoughtLine]
    says: str
    """All of it in words, for the customer."""


class Reservation(Fields):
    """What is held for a customer until it is placed."""

    order: str
    """Its number."""
    total: str
    """What it comes to with delivery."""
    delivery: str
    """When it would be delivered."""
