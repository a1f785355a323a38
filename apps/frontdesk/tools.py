"""The desks that a request can be handed on to: one tool each, whose call is the ticket that the desk works by.

A ticket is the run's answer. Nothing is done here: what a desk does with its ticket is the desk's own affair, and
the run in the store is the ticket's record.
"""

from typing import Annotated, Literal

from pydantic import Field

from mainspring import tool
from mainspring.core import JsonObject

Kind = Literal["chair", "table", "bench", "lounger", "lamp", "shelf", "rug", "planter"]
Month = Literal[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
Order = Annotated[str, Field(pattern=r"^O-[0-9a-f]{6}$")]
Sku = Annotated[str, Field(pattern=r"^[A-Z]{3}-[0-9]{3}$")]
Name = Annotated[str, Field(max_length=40)]
Number = Annotated[int, Field(ge=1, le=9999)]


@tool(effect="none", trusted=True, answers=True)
def find_furniture(kind: Kind, number: Number, max_euro: Annotated[int, Field(ge=0)]) -> JsonObject:
    """Find furniture to buy; max_euro is 0 where no price is said."""
    return {"desk": "sales", "kind": kind, "number": number, "max_euro": max_euro}


@tool(effect="none", trusted=True, answers=True)
def track_order(order: Order) -> JsonObject:
    """Tell somebody who waits for an order where it is."""
    return {"desk": "delivery", "order": order}


@tool(effect="none", trusted=True, answers=True)
def cancel_order(order: Order) -> JsonObject:
    """Cancel an order that somebody does not want any more."""
    return {"desk": "orders", "order": order}


@tool(effect="none", trusted=True, answers=True)
def report_broken(order: Order, sku: Sku, number: Number) -> JsonObject:
    """Report pieces that came broken, damaged or faulty."""
    return {"desk": "claims", "order": order, "sku": sku, "number": number}


@tool(effect="none", trusted=True, answers=True)
def climate(city: Name, month: Month) -> JsonObject:
    """Tell the weather of a city in a month."""
    return {"desk": "weather", "city": city, "month": month}


@tool(effect="none", trusted=True, answers=True)
def gpus_needed(model: Name, gpu: Name, users: Number) -> JsonObject:
    """Tell how many GPUs of a kind serve a language model to so many users."""
    return {"desk": "sizing", "model": model, "gpu": gpu, "users": users}


@tool(effect="none", trusted=True, answers=True)
def book_visit(
    day: Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"], people: Number
) -> JsonObject:
    """Book a visit to the showroom."""
    return {"desk": "showroom", "day": day, "people": people}


DESKS = (find_furniture, cancel_order, report_broken, track_order, climate, gpus_needed)
NEW_DESK = book_visit
"""One that opened later: no model has seen it in training."""
