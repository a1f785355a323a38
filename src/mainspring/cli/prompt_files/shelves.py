"""Prompts as somebody asks for them on the command line: those of the package, room by room, and of folders.

A name that several rooms have is written with its room, as in `models/modes/results`. What a given folder says goes
before what is shipped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.prompts import Prompt, PromptVersions, load_versions, shipped_prompts

_FILE: Final = ".md"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The prompts of one place."""

    room: str
    """The room of the package, or the folder as it was given."""
    prompts: PromptVersions
    is_shipped: bool


@dataclass(frozen=True, slots=True)
class Shelves:
    """All prompts that can be asked for."""

    shelves: Sequence[Shelf]
    """In the order in which they go before each other, the last one first."""

    @classmethod
    def of(cls, folders: Iterable[Path]) -> "Shelves":
        """Read the prompts of the package and of folders.

        Raises:
            ConfigError: A folder is not there, or a file of it is broken.
        """
        shipped = [Shelf(room, prompts, is_shipped=True) for room, prompts in shipped_prompts().items()]
        given = [Shelf(str(folder), load_versions(folder), is_shipped=False) for folder in folders]
        return cls([*shipped, *given])

    def versions(self, name: str) -> PromptVersions:
        """Give the versions of one prompt.

        Args:
            name: What it is called, with its room where several have it.

        Raises:
            ConfigError: There is none of that name, or more than one.
        """
        room, _, short = name.rpartition("/")
        found = [shelf for shelf in self.shelves if short in shelf.prompts and room in ("", shelf.room)]
        given = [shelf for shelf in found if not shelf.is_shipped]
        shipped = [shelf for shelf in found if shelf.is_shipped]
        if len(shipped) > 1 and not given:
            rooms = ", ".join(f"{shelf.room}/{short}" for shelf in shipped)
            raise ConfigError(f"several rooms have a prompt {short!r}; name one of {rooms}")
        layers = [*(shipped if len(shipped) == 1 else []), *given]
        if not layers:
            self._known(room).pick(short)  # says which names sound alike
        return PromptVersions(*(shelf.prompts[short] for shelf in layers))

    def pick(self, name: str) -> Prompt:
        """Give one version: `NAME`, `NAME@VERSION`, either with its room, or a file.

        Raises:
            ConfigError: There is none.
        """
        if name.endswith(_FILE) and Path(name).is_file():
            return Prompt.load(name)
        asked, at, version = name.partition("@")
        return self.versions(asked).pick(f"{asked.rpartition('/')[2]}{at}{version}")

    def _known(self, room: str) -> PromptVersions:
        """Give all prompts of a room, or of all."""
        shelves = [shelf for shelf in self.shelves if room in ("", shelf.room)]
        if not shelves:
            rooms = ", ".join(shelf.room for shelf in self.shelves)
            raise ConfigError(f"there is no room or folder {room!r} with prompts; there are {rooms}")
        return PromptVersions(*(versions for shelf in shelves for versions in shelf.prompts.values()))
