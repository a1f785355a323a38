"""The versions of prompts, side by side in folders: `NAME.vN.prompt.md`, or `NAME.prompt.md` where there is one.

What a later folder says goes before what an earlier one says, whatever their numbers: a user's folder over the one
that is shipped. So the last version of a name is the one that is worked by.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.prompts.prompt import Prompt

PATTERN: Final = "*.prompt.md"
"""Which files of a folder are prompts."""
_AT: Final = "@"


class PromptVersions(Mapping[str, Sequence[Prompt]]):
    """Prompts by name, each with its versions, the one that is worked by last.

    Args:
        layers: Prompts; those of a later layer go before those of an earlier one, and replace equal versions.
    """

    def __init__(self, *layers: Iterable[Prompt]) -> None:
        found: dict[str, dict[str, Prompt]] = {}
        for layer in layers:
            for prompt in sorted(layer, key=_order):
                versions = found.setdefault(prompt.name, {})
                versions.pop(str(prompt.version), None)
                versions[str(prompt.version)] = prompt
        self._versions = {name: tuple(versions.values()) for name, versions in sorted(found.items())}

    def __getitem__(self, name: str) -> Sequence[Prompt]:
        return self._versions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def pick(self, name: str, version: int | str | None = None) -> Prompt:
        """Give a version of a prompt; the one that is worked by if none is asked for.

        Args:
            name: What it is called; `NAME@VERSION` asks for a version, too.
            version: The version.

        Raises:
            ConfigError: There is no such prompt, or no such version of it.
        """
        name, _, asked = name.partition(_AT)
        wanted = str(version) if version is not None else asked
        if (versions := self._versions.get(name)) is None:
            raise ConfigError(f"there is no prompt {name!r}{_nearest(name, self)}")
        if not wanted:
            return versions[-1]
        for prompt in versions:
            if str(prompt.version) == wanted:
                return prompt
        known = ", ".join(str(prompt.version) for prompt in versions)
        raise ConfigError(f"there is no version {wanted!r} of prompt {name!r}; there are {known}")


def load_versions(*folders: str | Path) -> PromptVersions:
    """Read the prompt files of folders, those of a later one over those of an earlier one.

    Raises:
        ConfigError: A folder is not there or holds no prompts, a file is broken, or two files of a folder are one
            version.
    """
    return PromptVersions(*(_of_folder(Path(folder)) for folder in folders))


def _of_folder(folder: Path) -> list[Prompt]:
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {str(folder)!r} to read prompts from")
    found: dict[tuple[str, str], Prompt] = {}
    for path in sorted(folder.glob(PATTERN)):
        prompt = Prompt.load(path)
        key = (prompt.name, str(prompt.version))
        if key in found:
            raise ConfigError(
                f"prompt files {str(found[key].path)!r} and {str(path)!r} are both version {prompt.version} of "
                f"{prompt.name!r}; give one of them another version"
            )
        found[key] = prompt
    if not found:
        raise ConfigError(f"folder {str(folder)!r} holds no prompts; their files are called NAME.vN.prompt.md")
    return list(found.values())


def _order(prompt: Prompt) -> tuple[tuple[int, ...], str]:
    """Order versions by the numbers in them, so that 10 comes after 9."""
    version = str(prompt.version)
    return tuple(map(int, re.findall(r"\d+", version))), version


def _nearest(name: str, known: Iterable[str]) -> str:
    """Say which names sound alike, or else which there are."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return f"; there are {', '.join(names)}" if names else "; there are none"
