"""The gateway's table in `mainspring.toml`.

```toml
[gateway]
port = 4000

[gateway.keys.team-a]                       # made by `mainspring gateway key team-a`
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
models = ["support"]                        # all of them if left out
budget = { usd = "5" }
window = "day"
```
"""

from pathlib import Path
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mainspring.core import Budget
from mainspring.core.errors import ConfigError
from mainspring.models.config import FILE_NAME
from mainspring.runs.windows import Window

DEFAULT_PORT: Final = 4000
_SPENT: Final = frozenset({"usd", "input_tokens", "output_tokens", "model_calls"})
"""What a request uses of a budget."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeySettings(_Table):
    """Who may ask for what: `[gateway.keys.NAME]`. The key itself is not kept, only its hash."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    models: tuple[str, ...] | None = None
    """The models it may use; all of them if left out."""
    budget: Budget | None = None
    """What it may use, in each window."""
    window: Window | None = None
    """When what was spent is forgotten; never if left out."""

    @model_validator(mode="after")
    def _window_has_a_budget(self) -> Self:
        if self.window and not self.budget:
            raise ValueError("a window without a budget limits nothing; give a budget, too")
        return self

    @model_validator(mode="after")
    def _budget_limits_requests(self) -> Self:
        odd = sorted(self.budget.model_fields_set - _SPENT) if self.budget else []
        if odd:
            raise ValueError(f"a request uses no {odd[0]!r}; a key's budget may limit {', '.join(sorted(_SPENT))}")
        return self


class GatewaySettings(_Table):
    """How the gateway listens, and to whom: `[gateway]`."""

    host: str = "127.0.0.1"
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65535)
    max_body_bytes: int = Field(default=20 << 20, ge=1024)
    """The largest request that is read."""
    max_output_tokens: int = Field(default=4096, ge=1)
    """What a reply may have where the request does not say, for a key whose budget has to be held to."""
    grace_s: float = Field(default=30.0, ge=0)
    """Seconds that requests in progress get when it is told to stop."""
    tls_cert: Path | None = None
    """Certificate chain in PEM; with it and `tls_key` the gateway speaks TLS."""
    tls_key: Path | None = None
    keys: dict[str, KeySettings] = {}
    """Who may ask. Without any, everybody may who reaches it, and it listens on this machine only."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together")
        return self

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        names = {key.sha256: name for name, key in self.keys.items()}
        for name, key in self.keys.items():
            if names[key.sha256] != name:
                raise ValueError(f"{name!r} and {names[key.sha256]!r} are the same key; make one for each")
        return self


def gateway_settings(table: dict[str, Any]) -> GatewaySettings:
    """Check the table.

    Raises:
        ConfigError: It holds something that is not known.
    """
    try:
        return GatewaySettings.model_validate(table)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, ('gateway', *item['loc'])))}: {item['msg']}" for item in error.errors()
        )
        raise ConfigError(f"{FILE_NAME}: {problems}") from error
