"""Who may ask: keys by their hashes.

A key is 256 bits of chance, so a plain SHA-256 of it is as safe as a slow hash; only passwords need those.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mainspring.core import Budget
from mainspring.serve.settings import KeySettings

_PREFIX: Final = "ms-"
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request."""

    name: str = ""
    """The name of the key; empty where none is needed."""
    models: frozenset[str] | None = None
    """The models it may use; None for all."""
    budget: Budget | None = None

    @property
    def budget_id(self) -> str:
        """What its budget is called in the ledger."""
        return f"gateway:{self.name}"

    def may_use(self, model: str) -> bool:
        """Tell whether it may use a model."""
        return self.models is None or model in self.models


ANYBODY: Final = Caller()


class Keys:
    """All keys there are.

    Args:
        settings: Keys by name; without any, everybody may ask.
    """

    def __init__(self, settings: Mapping[str, KeySettings]) -> None:
        self._callers = {
            key.sha256: Caller(name, None if key.models is None else frozenset(key.models), key.budget)
            for name, key in settings.items()
        }

    def caller(self, authorization: str | None) -> Caller | None:
        """Give whom an Authorization header belongs to; None where that is nobody."""
        if not self._callers:
            return ANYBODY
        given = authorization or ""
        if given[: len(_BEARER)].lower() != _BEARER:
            return None
        return self._callers.get(hashed(given[len(_BEARER) :].strip()))


def new_key() -> str:
    """Make up a key."""
    return _PREFIX + secrets.token_urlsafe(32)


def hashed(key: str) -> str:
    """Give the SHA-256 of a key, as it is kept."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
