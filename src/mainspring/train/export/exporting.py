"""A run's model written into `exports/<name>/`, with its card, in whole or not at all."""

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mainspring.core.disk import staged_folder
from mainspring.core.errors import ConfigError, TrainingError
from mainspring.models.files.store import hash_of
from mainspring.train.export.card import CARD, card
from mainspring.train.export.folders import copy_adapter, write_merged
from mainspring.train.export.gguf_files import ADAPTER, MODEL, write_adapter, write_model
from mainspring.train.export.lineage import LINEAGE, File, lineage_of
from mainspring.train.export.trained import Trained
from mainspring.train.folder import RunFolder
from mainspring.train.weights.gguf_writing import Quantization

Form = Literal["adapter", "safetensors", "gguf-adapter", "gguf"]


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that is on the disk."""

    folder: Path
    form: Form
    quantization: Quantization | None
    """Of the weights of a whole GGUF; None for other forms, whose weights are as they were trained."""
    files: tuple[File, ...]
    """What was written, but for the card and the lineage."""

    @property
    def gguf(self) -> Path | None:
        """The GGUF file, where it is one."""
        return next((self.folder / one.name for one in self.files if one.name.endswith(".gguf")), None)

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum(one.size_bytes for one in self.files)


def export(run: RunFolder, to: Form, *, quantization: Quantization = "q8_0", name: str = "") -> Exported:
    """Write what came of a run in the form that a server takes; an export of that name is replaced.

    Args:
        run: A run that came to its end.
        to: The form.
        quantization: Of a whole GGUF; other forms keep the weights as they were trained.
        name: Of the folder in `exports/`; left out: the form, and a GGUF's quantization.

    Raises:
        ConfigError: There is nothing to export, it cannot have that form, or the name is none.
        TrainingError: It cannot be written; nothing of it is left, and what was there before stays.
    """
    named = name or (f"{to}-{quantization}" if to == "gguf" else to)
    if Path(named).name != named or named.startswith("."):
        raise ConfigError(
            f"{named!r} is no name for a folder; an export's name has no slashes and begins with no dot"
        )
    trained = Trained.open(run)
    folder = run.exports / named
    try:
        with staged_folder(folder) as stage:
            _write(trained, stage, to, quantization)
            files = _files(stage)
            kept = quantization if to == "gguf" else None
            lineage = lineage_of(trained, form=to, quantization=kept, files=files)
            (stage / LINEAGE).write_text(lineage.model_dump_json(indent=2) + "\n", encoding="utf-8")
            (stage / CARD).write_text(card(lineage), encoding="utf-8")
    except OSError as error:
        raise _unwritten(folder, error) from error
    return Exported(folder, to, kept, files)


def _write(trained: Trained, stage: Path, to: Form, quantization: Quantization) -> None:
    match to:
        case "adapter":
            copy_adapter(trained, stage)
        case "safetensors":
            write_merged(trained, stage)
        case "gguf-adapter":
            write_adapter(trained, stage / ADAPTER)
        case "gguf":
            write_model(trained, stage / MODEL, quantization)


def _files(folder: Path) -> tuple[File, ...]:
    return tuple(
        File(name=path.name, sha256=hash_of(path).hexdigest(), size_bytes=path.stat().st_size)
        for path in sorted(folder.iterdir())
    )


def _unwritten(folder: Path, error: OSError) -> TrainingError:
    is_full = error.errno in {
        None,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
    }  # numpy gives no number when a write is short
    why = "the disk is full, or a file may not be that large" if is_full else str(error.strerror or error)
    return TrainingError(
        f"the export {str(folder)!r} cannot be written: {why}. Nothing of it is left; the model is whole"
    )
