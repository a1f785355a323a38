"""From a model's name to a model: `provider:model`, or a name from `mainspring.toml`.

```toml
[models.support]                       # Agent(model="support")
provider = "vllm"                      # or base_url = "http://gpu-1:8000/v1"
base_url = "http://gpu-1:8000/v1"
model = "llama-3.3-70b"
mode = "structured"
price = { input = "0.10", output = "0.40" }   # US dollars per million tokens
context_tokens = 32768                 # what the server lets a prompt and its reply have

[models.fast]                          # Agent(model="fast"): several servers behind one name
hedge = "p90"
members = [
  { url = "http://gpu-1:8000/v1", model = "llama-3.3-70b" },
  { url = "http://gpu-2:8000/v1", model = "llama-3.3-70b" },
  { provider = "openai", model = "gpt-5-mini", tier = 2 },
]

[providers.house]                      # Agent(model="house:anything")
base_url = "https://models.example.com/v1"
api_key_env = "HOUSE_KEY"
```

The file is `$MAINSPRING_CONFIG`, or the `mainspring.toml` in the working directory or the nearest one above it.
"""

import difflib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from mainspring.core import Sampling
from mainspring.core.errors import ConfigError
from mainspring.models.files.catalog import CatalogEntry, load_catalog
from mainspring.models.local import LocalSettings
from mainspring.models.modes import ModeName
from mainspring.models.pool.settings import PoolSettings
from mainspring.models.prices import Rates

FILE_NAME: Final = "mainspring.toml"


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)


class Provider(_Config):
    """Servers that speak the chat completions wire, and how this one wants it spoken."""

    base_url: str | None = None
    api_key_env: str | None = None
    """Environment variable that holds the key; the key itself never stands in the file."""
    mode: ModeName | Literal["auto"] = "auto"
    max_tokens_field: str = "max_tokens"
    free: bool = False
    """Whether calls cost nothing, as on one's own machines."""


class EndpointSettings(_Config):
    """One model at one server."""

    model: str
    provider: str | None = None
    base_url: str | None = Field(default=None, validation_alias=AliasChoices("base_url", "url"))
    api_key_env: str | None = None
    mode: ModeName | Literal["auto"] | None = None
    price: Rates | None = None
    context_tokens: int | None = Field(default=None, ge=64)
    """Tokens that a prompt and its reply may have together; for `local` models that is known."""
    extra_body: dict[str, Any] = {}
    local: LocalSettings | None = None
    """How to serve it here, where the provider is `local`."""
    replicas: int = Field(default=1, ge=1)
    """How many processes serve it here, where the provider is `local`; several are a pool."""

    @model_validator(mode="after")
    def _replicas_are_local(self) -> Self:
        if self.replicas > 1 and self.provider != "local":
            raise ValueError("replicas are processes of this machine; for other servers write members = [...]")
        return self


class ModelSettings(EndpointSettings):
    """A named model at one server: `[models.NAME]`."""

    sampling: Sampling = Sampling()
    deadline_s: float | None = Field(default=None, gt=0)
    progress_s: float | None = Field(default=None, gt=0)
    """Seconds that a stream may bring nothing."""
    retries: int | None = Field(default=None, ge=0)


class MemberSettings(EndpointSettings):
    """One of the servers behind a name."""

    name: str | None = None
    """What it is called in figures; made of its address and model if not given."""
    tier: int = 1
    """The lowest tier is asked first, the next one when it fails or is full."""
    weight: float = Field(default=1.0, ge=0)
    """Its share of calls beside the others of its tier; a light one, as a canary, gets just its share."""
    concurrency: int | None = Field(default=None, ge=1)
    """Calls it may have at once."""


class PooledSettings(PoolSettings):
    """Several servers behind one name: `[models.NAME]` with `members`."""

    members: tuple[MemberSettings, ...] = Field(min_length=1)
    sampling: Sampling = Sampling()
    progress_s: float | None = Field(default=None, gt=0)
    """Seconds that a stream may bring nothing."""


def _kind(table: Any) -> Literal["pool", "model"]:
    """Tell a pool by its members."""
    has_members = "members" in table if isinstance(table, dict) else isinstance(table, PooledSettings)
    return "pool" if has_members else "model"


NamedSettings = Annotated[
    Annotated[ModelSettings, Tag("model")] | Annotated[PooledSettings, Tag("pool")], Discriminator(_kind)
]


class Settings(_Config):
    """The whole of `mainspring.toml`."""

    models: dict[str, NamedSettings] = {}
    providers: dict[str, Provider] = {}
    catalog: dict[str, dict[str, Any]] = {}
    """Embedded models of one's own, in the form of the built-in catalog."""
    gateway: dict[str, Any] = {}
    """How the gateway serves them; it checks its table itself."""

    def provider(self, name: str) -> Provider:
        """Give a provider, the user's own or a built-in one.

        Raises:
            ConfigError: There is none of that name.
        """
        known = PROVIDERS | self.providers
        if name not in known:
            raise ConfigError(
                f"there is no provider {name!r}{nearest(name, [*known, 'local'])}; "
                f"add [providers.{name}] with a base_url to {FILE_NAME}"
            )
        return known[name]

    def embedded(self) -> dict[str, CatalogEntry]:
        """Give the catalog of embedded models, the user's own included."""
        return load_catalog(self.catalog)


PROVIDERS: Final[dict[str, Provider]] = {
    "openai": Provider(
        base_url="https://api.openai.com/v1",
        api_key_env="OPENAI_API_KEY",
        mode="native",
        max_tokens_field="max_completion_tokens",
    ),
    "nim": Provider(base_url="https://integrate.api.nvidia.com/v1", api_key_env="NVIDIA_API_KEY"),
    "openrouter": Provider(
        base_url="https://openrouter.ai/api/v1", api_key_env="OPENROUTER_API_KEY", mode="native"
    ),
    "vllm": Provider(base_url="http://localhost:8000/v1", mode="structured", free=True),
    "ollama": Provider(base_url="http://localhost:11434/v1", mode="structured", free=True),
}


def load_settings(path: Path | None = None) -> Settings:
    """Read `mainspring.toml`; where there is none, everything is at its default.

    Raises:
        ConfigError: It is not TOML, or holds something that is not known.
    """
    found = path or find_settings_file()
    if found is None:
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(found.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{found}: cannot be read: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{_place(item['loc'])}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"{found}: {problems}") from error


def _place(path: tuple[int | str, ...]) -> str:
    """Write where in the file something is wrong; whether a model is a pool is not written there."""
    is_model = path[0] == "models" and path[2:3] in (("pool",), ("model",))
    return ".".join(map(str, (*path[:2], *path[3:]) if is_model else path))


def nearest(name: str, known: list[str]) -> str:
    """Give `; did you mean ...?` where something sounds alike."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def find_settings_file() -> Path | None:
    """Give the `mainspring.toml` that counts here; None where there is none."""
    named = os.environ.get("MAINSPRING_CONFIG")
    if named:
        return Path(named)
    here = Path.cwd()
    return next((place / FILE_NAME for place in (here, *here.parents) if (place / FILE_NAME).is_file()), None)
