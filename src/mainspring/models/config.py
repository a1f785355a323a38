"""From a model's name to a model: `provider:model`, or a name from `mainspring.toml`.

```toml
[models.support]                       # Agent(model="support")
provider = "vllm"                      # or base_url = "http://gpu-1:8000/v1"
base_url = "http://gpu-1:8000/v1"
model = "llama-3.3-70b"
mode = "structured"
price = { input = "0.10", output = "0.40" }   # US dollars per million tokens

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
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mainspring.core import Sampling
from mainspring.core.errors import ConfigError
from mainspring.models.files.catalog import CatalogEntry, load_catalog
from mainspring.models.local import LocalSettings
from mainspring.models.modes import ModeName
from mainspring.models.prices import Rates

FILE_NAME: Final = "mainspring.toml"


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Provider(_Config):
    """Servers that speak the chat completions wire, and how this one wants it spoken."""

    base_url: str | None = None
    api_key_env: str | None = None
    """Environment variable that holds the key; the key itself never stands in the file."""
    mode: ModeName | Literal["auto"] = "auto"
    max_tokens_field: str = "max_tokens"
    free: bool = False
    """Whether calls cost nothing, as on one's own machines."""


class ModelSettings(_Config):
    """A named model: `[models.NAME]`."""

    model: str
    provider: str | None = None
    base_url: str | None = None
    api_key_env: str | None = None
    mode: ModeName | Literal["auto"] | None = None
    sampling: Sampling = Sampling()
    price: Rates | None = None
    deadline_s: float | None = Field(default=None, gt=0)
    retries: int | None = Field(default=None, ge=0)
    extra_body: dict[str, Any] = {}
    local: LocalSettings | None = None
    """How to serve it here, where the provider is `local`."""


class Settings(_Config):
    """The whole of `mainspring.toml`."""

    models: dict[str, ModelSettings] = {}
    providers: dict[str, Provider] = {}
    catalog: dict[str, dict[str, Any]] = {}
    """Embedded models of one's own, in the form of the built-in catalog."""

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
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"{found}: {problems}") from error


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
