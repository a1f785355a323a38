"""Typed access to the fields of a Hugging Face `config.json`.

Keeps true: a missing or ill-typed field ends in one sentence that names the model, the field and the remedy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mainspring.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one configuration, with its model type's defaults behind them."""

    name: str
    """What to call the model in a message."""
    values: Mapping[str, object]
    defaults: Mapping[str, object]

    def get(self, *names: str) -> object:
        """Give the first of several spellings that is present and not null."""
        for source in (self.values, self.defaults):
            for name in names:
                if source.get(name) is not None:
                    return source[name]
        return None

    def integer(self, *names: str) -> int:
        """Read a positive whole number under one of several names.

        Raises:
            ConfigError: None of the names is there, or its value is no positive whole number.
        """
        value = self.get(*names)
        if value is None:
            other = f" (or {', '.join(map(repr, names[1:]))})" if names[1:] else ""
            raise ConfigError(
                f"{self.name}: the configuration lacks the field {names[0]!r}{other}; "
                f"add it, or take the complete config.json from the model's page"
            )
        return self._whole(names[0], value, least=1)

    def integer_or(self, default: int, *names: str) -> int:
        """Read a whole number of at least zero, or take the default."""
        value = self.get(*names)
        return default if value is None else self._whole(names[0], value, least=0)

    def flag(self, name: str, *, default: bool) -> bool:
        """Read a boolean, or take the default."""
        value = self.get(name)
        return default if value is None else bool(value)

    def words(self, name: str) -> tuple[str, ...] | None:
        """Read a list of strings, such as `layer_types`."""
        value = self.get(name)
        return tuple(map(str, value)) if isinstance(value, list) else None

    def integers(self, name: str) -> tuple[int, ...]:
        """Read a list of whole numbers, empty where the field is absent."""
        value = self.get(name)
        return tuple(self._whole(name, item, least=0) for item in value) if isinstance(value, list) else ()

    def table(self, name: str) -> Mapping[str, object]:
        """Read an object, empty where the field is absent."""
        value = self.get(name)
        return value if isinstance(value, Mapping) else {}

    def _whole(self, name: str, value: object, *, least: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(
                f"{self.name}: the field {name!r} is {value!r}; it must be a whole number of at least {least}"
            )
        return value
