"""What the shop hands its members: fields, which a model fills in from what it was told.

A model of a billion parameters retells a number wrongly more often than it copies it into a field.
"""

from typing import Annotated, Literal

from pydantic import Field

from apps.storefront.tools.fields import Euro, Fields
from apps.storefront.tools.ordering import Day, Line, PostalCode
from apps.storefront.tools.sets import Wish
from apps.storefront.tools.styling import City, Look, Named, Where

Deed = Literal["tell", "cancel", "send elsewhere", "report broken", "money back"]
"""What the desk does with an order."""
_Maybe = Annotated[str, Field(max_length=200, description="as the customer said it; may be empty")]


class SaleTask(Fields):
    """What the customer wants of furniture, and where it is to go if the customer orders."""

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


class ServiceTask(Fields):
    """What the customer wants of an order that there is."""

    wish: Annotated[Deed, Field(description="tell is where an order is, and what it is")]
    order: Annotated[str, Field(pattern=r"^(O-[0-9a-f]{12})?$", description="its number; empty if none is said")]
    piece: Annotated[
        str, Field(max_length=60, description="of the order: SKU or the customer's word for it; may be empty")
    ]
    number: Annotated[int, Field(ge=1, le=99, description="of the pieces that are broken or to be paid back")]
    broken: Annotated[str, Field(max_length=200, description="what is broken; empty if nothing is")]
    name: _Maybe
    street: _Maybe
    postal_code: _Maybe
    city: _Maybe
    amount_euro: Annotated[
        str,
        Field(pattern=r"^([0-9]{1,7}(\.[0-9]{1,2})?)?$", description="that the customer names; empty if none"),
    ]
    why: Annotated[str, Field(max_length=200, description="in the customer's words; may be empty")]


class PieceTask(Fields):
    """What the stylist is asked about pieces."""

    skus: Named
    question: Annotated[str, Field(max_length=300, description="in the customer's words, with all sizes")]
