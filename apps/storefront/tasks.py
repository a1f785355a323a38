"""What the shop hands its members, and what they hand back: fields, which a model fills in from what it was told.

A model of a billion parameters retells a number wrongly more often than it copies it into a field.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from apps.storefront.tools.ordering import Day, Item, Line, PostalCode
from apps.storefront.tools.sets import Wish
from apps.storefront.tools.styling import Euro, Needs, Place

Total = Annotated[str, Field(pattern=r"^([0-9][0-9,]*\.[0-9]{2} [A-Z]{3})?$")]
PlaceName = Annotated[str, Field(max_length=100, description="the city, with its country if that was said")]
Says = Annotated[str, Field(max_length=300)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WeatherTask(_Fields):
    """How warm, wet or windy it is somewhere."""

    place: PlaceName
    when: Annotated[str, Field(max_length=40, description="now, tomorrow, a weekday, a date, or a month")]


class NeedsTask(_Fields):
    """What furniture has to stand somewhere."""

    place: PlaceName
    furniture_stands: Literal["without a roof above it", "with a roof above it"]


class NeedsReport(_Fields):
    """What the weather desk found out of a place."""

    says: Says
    needs: Needs
    """What furniture there has to stand; none where that is not known."""


class ChoiceTask(_Fields):
    """What the stylist is to choose."""

    wanted: Annotated[list[Wish], Field(min_length=1, max_length=4)]
    stands: Place
    needs: Needs
    max_total_euro: Euro
    also: Annotated[str, Field(max_length=300, description="look, use, size, a SKU, or a question; may be empty")]


class Choice(_Fields):
    """What the stylist chose."""

    items: Annotated[list[Item], Field(max_length=8)]
    total: Total
    """What they cost together, without delivery; empty where nothing was chosen."""
    says: Says


class Reservation(_Fields):
    """What the clerk has reserved."""

    order: Annotated[str, Field(pattern=r"^(O-[0-9a-f]{12})?$")]
    """Its number; empty where nothing was reserved."""
    total: Total
    """What it comes to with delivery; empty where nothing was reserved."""
    says: Says


class OrderTask(_Fields):
    """What the clerk is to reserve."""

    items: Annotated[list[Item], Field(min_length=1, max_length=8)]
    name: Line
    street: Line
    postal_code: PostalCode
    city: Line
    day: Day
