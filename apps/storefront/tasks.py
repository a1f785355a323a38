"""What the shop hands its members: fields, which a model fills in from what it was told.

A model of a billion parameters retells a number wrongly more often than it copies it into a field.
"""

from typing import Annotated, Literal

from pydantic import Field

from apps.storefront.tools.fields import Euro, Fields
from apps.storefront.tools.ordering import Day, Line, PostalCode
from apps.storefront.tools.sets import Wish
from apps.storefront.tools.styling import City, Look, Named, Where


class SaleTask(Fields):
    """What the clerk is to find, and to order if the customer does."""

    wanted: Annotated[list[Wish], Field(min_length=1, max_length=4)]
    stands: Where
    terrace_city: City
    max_total_euro: Euro
    skus: Named
    look: Look
    customer: Annotated[Literal["asks", "orders"], Field(description="whether the customer asks, or orders now")]
    name: Line
    street: Line
    postal_code: PostalCode
    city: Line
    day: Day


class PieceTask(Fields):
    """What the stylist is asked about pieces."""

    skus: Named
    question: Annotated[str, Field(max_length=300, description="in the customer's words, with all sizes")]
