"""Changes to `mainspring.toml` that leave the rest of it as a person wrote it.

What it keeps true: comments, order and layout of what does not change stay; the file is replaced in one step, and
what stood there is beside it as `mainspring.toml.bak`; nothing is written that could not be read again or that says
something else than was meant; a change that is there already writes nothing.
"""

import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, AoT, Array, InlineTable, Item, Table

from mainspring.core.errors import ConfigError
from mainspring.models.config import FILE_NAME, Settings, find_settings_file


class SettingsFile:
    """A `mainspring.toml`.

    Args:
        path: Where it is, or is to be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def here(cls) -> "SettingsFile":
        """Give the file that counts in the working directory; one to be made there where there is none."""
        return cls((find_settings_file() or Path.cwd() / FILE_NAME).absolute())

    def models(self) -> dict[str, Any]:
        """Give what stands under `[models]`.

        Raises:
            ConfigError: The file cannot be read.
        """
        models: dict[str, Any] = _data(self._text(), self.path).get("models", {})
        return models

    def change(self, changed: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> bool:
        """Change what stands under `[models]`, and tell whether anything had to be written.

        Args:
            changed: Gives what is to stand there, from what does. Called again where somebody else wrote meanwhile.

        Raises:
            ConfigError: The file cannot be read or written, or it would not be valid.
        """
        while True:
            text = self._text()
            before = _data(text, self.path)
            wanted = {**before, "models": dict(changed(before.get("models", {})))}
            if wanted["models"] == before.get("models", {}):
                return False
            new = _edited(text, wanted["models"])
            self._check(new, wanted)
            if self._text() == text:
                self._write(text, new)
                return True

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.path}: cannot be read: {error}") from error

    def _check(self, new: str, wanted: Mapping[str, Any]) -> None:
        """Refuse a text that says something else than is wanted, or that nobody could use."""
        if _data(new, self.path) != wanted:
            raise ConfigError(
                f"{self.path}: its tables are laid out in a way that cannot be edited; write each model as one "
                "table [models.NAME], and try again"
            )
        try:
            Settings.model_validate(wanted)
        except ValidationError as error:
            raise ConfigError(
                f"{self.path}: it would not be valid any more, and is left as it is: {error}"
            ) from error

    def _write(self, old: str, new: str) -> None:
        real = self.path.resolve()
        try:
            real.parent.mkdir(parents=True, exist_ok=True)
            if real.exists():
                _replace(real.with_name(f"{real.name}.bak"), old, like=real)
            _replace(real, new, like=real)
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written: {error}") from error


def _replace(path: Path, text: str, like: Path) -> None:
    """Put a text into the place of a file in one step, with the rights of another."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(like.stat().st_mode & 0o777 if like.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _data(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def _edited(text: str, models: Mapping[str, Any]) -> str:
    """Write what is wanted under `[models]` into a text."""
    document = tomlkit.parse(text)
    if "models" not in document:
        document["models"] = tomlkit.table(is_super_table=True)
    try:
        _merge(document["models"], models)
    except TOMLKitError as error:
        raise ConfigError(f"it is laid out in a way that cannot be edited: {error}") from error
    return tomlkit.dumps(document)


def _merge(into: Any, wanted: Mapping[str, Any]) -> None:
    """Make a table say what is wanted, and touch nothing that says it already."""
    below: list[Item] = []
    for key in [key for key in into if key not in wanted]:
        below += _below(into[key])
        del into[key]
    for key, value in wanted.items():
        known = into.get(key)
        if known is not None and _plain(known) == value:
            continue
        if isinstance(value, Mapping) and isinstance(known, AbstractTable | OutOfOrderTableProxy):
            _merge(known, value)
        elif _is_tables(value) and isinstance(known, Array | AoT) and _is_tables(_plain(known)):
            _merge_tables(known, value)
        else:
            into[key] = _table(value) if _is_open(into, value) else _inline(value)
    for item in below:
        into.add(item)


def _below(item: Any) -> list[Item]:
    """Give the comments at the end of a table, which are about what comes after it."""
    body = item.value.body if isinstance(item, Table) else []
    n_kept = max((place for place, (key, _) in enumerate(body, start=1) if key is not None), default=0)
    return [one for _, one in body[n_kept:]]


def _merge_tables(into: Array | AoT, wanted: list[Mapping[str, Any]]) -> None:
    """Make a list of tables say what is wanted, place by place."""
    del into[len(wanted) :]
    for known, value in zip(into, wanted, strict=False):
        _merge(known, value)
    for value in wanted[len(into) :]:
        if isinstance(into, AoT):
            into.append(_table(value))
        else:
            into.append(_inline(value))
            into.multiline(multiline=True)


def _is_open(into: Any, value: object) -> bool:
    """Tell whether a value is a table that gets a heading of its own: `[models.NAME]`."""
    return isinstance(value, Mapping) and isinstance(into, Table) and into.is_super_table()


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _plain(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item


def _table(value: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, one in value.items():
        table[key] = _inline(one)
    table.add(tomlkit.nl())
    return table


def _inline(value: Any) -> Item:
    """Write a value on one line, and a list of tables with a line for each."""
    if isinstance(value, Mapping):
        table: InlineTable = tomlkit.inline_table()
        for key, one in value.items():
            table[key] = _inline(one)
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for one in value:
            array.append(_inline(one))
        return array.multiline(multiline=_is_tables(value))
    item: Item = tomlkit.item(value)
    return item
