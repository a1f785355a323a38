"""What a client is told when something goes wrong: a status, and an error in OpenAI's shape.

Its own clients raise the right exception on both, and try again only where that helps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from mainspring.core.errors import (
    BudgetError,
    JournalError,
    MainspringError,
    ModelBusy,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
)
from mainspring.models.pool.health import MISCONFIGURED

_NO_RETRY: Final = {"x-should-retry": "false"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not what was asked for."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The error object, as JSON."""
        error = {"message": self.message, "type": self.type, "param": None, "code": self.code}
        return orjson.dumps({"error": error})


class Refused(Exception):
    """Ends a request with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def bad_request(message: str) -> Refused:
    """Refuse a request that cannot be understood."""
    return Refused(Refusal(400, message))


def no_such_model(name: str, known: Sequence[str]) -> Refused:
    """Refuse a model that is not there."""
    there = ", ".join(known) or "none"
    return Refused(Refusal(404, f"there is no model {name!r}; there are {there}", code="model_not_found"))


def not_allowed(name: str, key: str) -> Refused:
    """Refuse a model that the key may not use."""
    return Refused(Refusal(403, f"key {key!r} may not use model {name!r}", "permission_error", "model_not_allowed"))


WRONG_KEY: Final = Refusal(
    401,
    "no such key; send one as `Authorization: Bearer KEY`",
    "authentication_error",
    "invalid_api_key",
    {"WWW-Authenticate": "Bearer"},
)


FROM_A_PAGE: Final = Refusal(
    403,
    "the gateway has no keys, so that any page in a browser could ask in its user's name; requests with an Origin "
    "are not served until it has some",
    "permission_error",
    "origin_not_allowed",
)

LEDGER_GONE: Final = Refusal(
    503, "the ledger that budgets are kept in cannot be used; try again later", "server_error", "ledger_unavailable"
)

STOPPED: Final = Refusal(
    503,
    "the gateway was told to stop, and the time for what was in progress is over; ask another one, or again later",
    "server_error",
    "gateway_stopped",
)


def too_large(limit_bytes: int) -> Refusal:
    """Refuse a body that is larger than what is read."""
    return Refusal(413, f"the request is larger than {limit_bytes:,} bytes", code="request_too_large")


def refusal_of(error: MainspringError) -> Refusal:
    """Say an error of ours to a client."""
    message = str(error)
    match error:
        case BudgetError():
            told = Refusal(429, message, "insufficient_quota", "insufficient_quota", _NO_RETRY)
        case ModelRefused(status=int(status), code=code) if 400 <= status < 500 and status not in MISCONFIGURED:
            told = Refusal(status, message, code=code)
        case ModelRefused():
            told = Refusal(502, message, "upstream_error", "upstream_misconfigured", _NO_RETRY)
        case ModelBusy() | ModelUnavailable(status=429):
            told = Refusal(429, message, "rate_limit_error", "rate_limit_exceeded", _patience(error))
        case ModelTimeout():
            told = Refusal(504, message, "timeout_error", "upstream_timeout")
        case ModelUnavailable():
            told = Refusal(503, message, "upstream_error", "upstream_unavailable", _patience(error))
        case JournalError():
            told = LEDGER_GONE
        case _:
            told = Refusal(500, message, "server_error", "misconfigured", _NO_RETRY)
    return told


def _patience(error: ModelUnavailable) -> dict[str, str]:
    return {} if error.retry_after_s is None else {"Retry-After": f"{max(1, round(error.retry_after_s))}"}
