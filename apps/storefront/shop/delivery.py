"""Delivery slots: an area, a day and a window of hours, each with room for so many deliveries.

A slot is booked in the transaction that reserves an order, and freed in the one that cancels it or lets it expire.
Days are those of Coordinated Universal Time. A slot is a row only once something is booked in it.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, select, update

from apps.storefront.shop import schema
from apps.storefront.shop.database import insert_once
from apps.storefront.shop.errors import DeliveryError
from apps.storefront.shop.money import Money
from apps.storefront.shop.terms import Area, Terms

_POSTAL_CODE: Final = re.compile(r"[0-9A-Z][0-9A-Z -]{2,9}")
_SLOTS = schema.slots.c


class Address(BaseModel):
    """Where an order goes."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=200)
    street: str = Field(min_length=1, max_length=200)
    postal_code: str = Field(min_length=3, max_length=10)
    city: str = Field(min_length=1, max_length=100)
    note: str = Field(default="", max_length=500)
    """What the driver should know."""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.name}, {self.street}, {self.postal_code} {self.city}{note}"


class Slot(BaseModel):
    """When a delivery can be had."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Area, day and window: `town/2026-11-30/08-13`."""
    day: date
    window: str
    """Hours of the day, from and to."""
    free: int
    """Deliveries it has room for."""
    fee: Money


def area_of(terms: Terms, postal_code: str) -> Area:
    """Give the area that serves a postal code.

    Raises:
        DeliveryError: None does.
    """
    code = postal_code.strip().upper()
    served = [
        (len(prefix), area)
        for area in terms.delivery.areas
        for prefix in area.postal_prefixes
        if code.startswith(prefix)
    ]
    if not served or not _POSTAL_CODE.fullmatch(code):
        raise DeliveryError(f"nobody delivers to the postal code {postal_code!r}; check it with the customer")
    return max(served, key=lambda found: found[0])[1]


def slots(db: Connection, terms: Terms, postal_code: str, now: float) -> list[Slot]:
    """Give the slots with room that serve a postal code, the soonest first.

    Raises:
        DeliveryError: Nobody delivers there.
    """
    area = area_of(terms, postal_code)
    offered = _offered(terms, area, now)
    ids = [slot.id for slot in offered]
    booked = {row.id: row.booked for row in db.execute(select(schema.slots).where(_SLOTS.id.in_(ids)))}
    left = [slot.model_copy(update={"free": slot.free - booked.get(slot.id, 0)}) for slot in offered]
    return [slot for slot in left if slot.free > 0]


def book(db: Connection, terms: Terms, slot: str, postal_code: str, now: float) -> Money:
    """Book a delivery, and give its fee.

    Raises:
        DeliveryError: There is no such slot for that postal code, or no room is left in it.
    """
    offered = {found.id: found for found in _offered(terms, area_of(terms, postal_code), now)}
    wanted = offered.get(slot)
    if wanted is None:
        raise DeliveryError(
            f"there is no delivery slot {slot!r} for the postal code {postal_code!r}; "
            f"take one of those that are offered for it, like {next(iter(offered), 'none')!r}"
        )
    insert_once(db, schema.slots, id=slot, capacity=wanted.free, booked=0)
    booked = update(schema.slots).where(_SLOTS.id == slot, _SLOTS.booked < _SLOTS.capacity)
    if db.execute(booked.values(booked=_SLOTS.booked + 1)).rowcount != 1:
        raise DeliveryError(f"the delivery slot {slot!r} is full; take another one")
    return wanted.fee


def lock_slots(db: Connection, *slots: str) -> None:
    """Lock slots that are about to change together, in one order for everybody."""
    db.execute(select(_SLOTS.id).where(_SLOTS.id.in_(slots)).order_by(_SLOTS.id).with_for_update())


def free(db: Connection, slot: str) -> None:
    """Free the place of an order that will not be delivered in its slot."""
    db.execute(update(schema.slots).where(_SLOTS.id == slot).values(booked=_SLOTS.booked - 1))


def _offered(terms: Terms, area: Area, now: float) -> list[Slot]:
    """Give the slots of an area as if nothing were booked."""
    today = datetime.fromtimestamp(now, UTC).date()
    ahead = range(terms.delivery.lead_days, terms.delivery.lead_days + terms.delivery.horizon_days)
    days = [day for day in (today + timedelta(days=n) for n in ahead) if day.weekday() in area.weekdays]
    return [
        Slot(
            id=f"{area.name}/{day.isoformat()}/{window}",
            day=day,
            window=window,
            free=area.capacity,
            fee=terms.money(area.fee),
        )
        for day in days
        for window in terms.delivery.windows
    ]
