"""The prompt files that come with Mainspring, by the room that they belong to."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from mainspring.prompts.versions import PATTERN, PromptVersions, load_versions

_PACKAGE: Final = Path(__file__).parents[1]
_FOLDER: Final = "prompts"


@cache
def shipped_prompts() -> Mapping[str, PromptVersions]:
    """Give all prompts of the package: the room (`teams`, `models/modes`) to its prompts."""
    folders = sorted({path.parent for path in _PACKAGE.rglob(PATTERN)})
    return {_room(folder): load_versions(folder) for folder in folders}


def _room(folder: Path) -> str:
    parts = folder.relative_to(_PACKAGE).parts
    return "/".join(parts[:-1] if parts[-1] == _FOLDER else parts)
