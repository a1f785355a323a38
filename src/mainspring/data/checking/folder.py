"""Whether a folder holds a dataset that can be checked, said in words where it does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.data.checking.findings import Collected
from mainspring.data.writing import Dataset, read_dataset
from mainspring.data.writing.folder import CANDIDATES, CARD, DATASET, DOCUMENTS, SHARD, TEXTS
from mainspring.data.writing.staging import STAGE

_OURS: Final = (CANDIDATES, DOCUMENTS, TEXTS, "data.db")
"""What a build makes before there are rows."""


def opened(folder: Path) -> Dataset:
    """Give the form of the dataset in a folder.

    Raises:
        ConfigError: There is no dataset in it, or none yet.
    """
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {str(folder)!r}; `mainspring data build DOCUMENTS --out` makes one")
    names = {path.name for path in folder.iterdir()}
    dataset = read_dataset(folder)
    if dataset is not None:
        missing = [name for name in (CANDIDATES, DOCUMENTS) if name not in names]
        if missing:
            raise ConfigError(f"the dataset in {str(folder)!r} lacks {', '.join(missing)}; build it again")
        return dataset
    if names & {*_OURS, STAGE}:
        raise ConfigError(
            f"no rows are written in {str(folder)!r} yet: a build is at work on it, or was stopped; "
            "the same build command goes on with it"
        )
    what = "is empty" if not names else f"holds no dataset of Mainspring: there is no {DATASET}"
    raise ConfigError(f"the folder {str(folder)!r} {what}; `mainspring data build DOCUMENTS --out` fills one")


def look_at_files(folder: Path, dataset: Dataset, seen: Mapping[str, str], found: Collected) -> None:
    """Compare the files with what was written.

    Args:
        folder: The folder of the dataset.
        dataset: What was written.
        seen: File name to the SHA-256 that it has; nothing for a file that is not there.
        found: Where to say what is wrong.
    """
    for name, digest in dataset.outputs.items():
        if not seen[name]:
            found.error("files", "it was written, and is missing; write the dataset again", name)
        elif seen[name] != digest:
            tell = found.warn if name == CARD else found.error
            tell("files", "it is not as it was written: changed by hand, or its writing was cut off", name)
    for path in sorted(folder.iterdir()):
        if SHARD.fullmatch(path.name) and path.name not in dataset.outputs:
            found.error("files", "it is no part of the dataset; write the dataset again", path.name)
        elif path.name == STAGE:
            found.warn("files", "the dataset is being written, or its writing was cut off", path.name)


def look_at_inputs(dataset: Dataset, seen: Mapping[str, str], found: Collected) -> None:
    """Compare what the rows were derived from with what is there."""
    for name, digest in seen.items():
        if digest != dataset.inputs.get(name, ""):
            found.warn("files", "it has changed since the rows were written; write the dataset again", name)
