"""Idempotency keys: a call made twice under one key happens once, and both times gives the same result.

The record of a key is written in the transaction of the call's effect; a call that is refused leaves none, so that
it may be made again. A call that goes on outside (a payment) claims its key first, and the transaction that ends it
writes the result. A claim lasts `CLAIM_S`: whoever comes with the same key after that takes the call over.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import Connection, delete, select, update

from apps.storefront.shop import schema
from apps.storefront.shop.database import Database, insert_once
from apps.storefront.shop.errors import KeyConflict, KeyInFlight, KeyMissing

CLAIM_S: Final = 120.0
_MOST_CHARS: Final = 255
_KEYS = schema.keys.c

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """A call under a key."""

    key: str
    name: str
    fingerprint: str
    """Digest of the name and the arguments."""


def call(key: str | None, name: str, **arguments: object) -> Call:
    """Put a call under a key.

    Raises:
        KeyMissing: There is no key, or none that can be kept.
    """
    if not key or not key.strip() or len(key) > _MOST_CHARS:
        raise KeyMissing(
            f"{name} changes something and needs an idempotency key of 1 to {_MOST_CHARS} characters, the same "
            f"each time this very call is made; {key!r} is none"
        )
    written = to_json([name, sorted(arguments.items())])
    return Call(key, name, hashlib.sha256(written).hexdigest())


def once(database: Database, wanted: Call, now: float, kind: type[R], do: Callable[[Connection], R]) -> R:
    """Make a call whose whole effect is one transaction, unless it was made.

    Args:
        database: Where.
        wanted: The call and its key.
        now: The time.
        kind: What the call gives.
        do: The call.

    Raises:
        KeyConflict: The key was used for another call.
        KeyInFlight: The first call with this key has not ended.
    """
    with database.write() as db:
        if (result := claim(db, wanted, now)) is not None:
            return kind.model_validate_json(result)
        made = do(db)
        finish(db, wanted.key, made)
        return made


def claim(db: Connection, wanted: Call, now: float) -> str | None:
    """Claim a key, or give the result of the call that was made under it.

    Raises:
        KeyConflict: The key was used for another call.
        KeyInFlight: The first call with this key has not ended.
    """
    fresh = {"fingerprint": wanted.fingerprint, "result": None, "until": now + CLAIM_S}
    if insert_once(db, schema.keys, key=wanted.key, **fresh):
        return None
    found = db.execute(select(schema.keys).where(_KEYS.key == wanted.key).with_for_update()).one()
    if found.fingerprint != wanted.fingerprint:
        raise KeyConflict(
            f"the idempotency key {wanted.key!r} was used for another call than this {wanted.name}; "
            "use a key of its own for each call"
        )
    if found.result is not None:
        return str(found.result)
    if found.until > now:
        raise KeyInFlight(
            f"a {wanted.name} with the idempotency key {wanted.key!r} is under way; "
            "make the same call again in a while to get its result"
        )
    db.execute(update(schema.keys).where(_KEYS.key == wanted.key).values(until=now + CLAIM_S))
    return None


def lock_key(db: Connection, key: str) -> None:
    """Keep others from claiming or ending the call under a key until the transaction ends."""
    db.execute(select(_KEYS.key).where(_KEYS.key == key).with_for_update())


def finish(db: Connection, key: str, result: BaseModel) -> None:
    """Keep the result of the call made under a key."""
    db.execute(update(schema.keys).where(_KEYS.key == key).values(result=result.model_dump_json()))


def forget(db: Connection, key: str) -> None:
    """Give up the claim of a call that came to nothing, so that it may be made again."""
    db.execute(delete(schema.keys).where(_KEYS.key == key, _KEYS.result.is_(None)))


def let_go(db: Connection, key: str, now: float) -> None:
    """End the claim of a call that stopped half-way, so that whoever makes it again takes it over."""
    db.execute(update(schema.keys).where(_KEYS.key == key, _KEYS.result.is_(None)).values(until=now))
