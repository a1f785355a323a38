"""What was trained, as a folder that transformers, vLLM and others read: an adapter (PEFT), or all weights."""

import json
import shutil
from pathlib import Path

from mainspring.core.errors import ConfigError
from mainspring.train.export.trained import WORDS, Trained
from mainspring.train.weights.shards import ADAPTER, WEIGHTS, ShardWriter


def copy_adapter(trained: Trained, folder: Path) -> None:
    """Write the adapter as training left it.

    Raises:
        ConfigError: All weights were trained.
        OSError: It cannot be written.
    """
    if not trained.is_adapter:
        raise ConfigError(
            f"all weights were trained in {str(trained.run.path)!r}, so there is no adapter; take safetensors"
        )
    for name in ("adapter_config.json", ADAPTER):
        shutil.copyfile(trained.run.model / name, folder / name)


def write_merged(trained: Trained, folder: Path) -> None:
    """Write all weights, in the precision that the base's have, with configuration, tokenizer and template.

    Raises:
        OSError: They cannot be written.
    """
    (folder / "config.json").write_text(json.dumps(trained.config, indent=2) + "\n", encoding="utf-8")
    for name in WORDS:
        if (trained.words / name).is_file():
            shutil.copyfile(trained.words / name, folder / name)
    with ShardWriter(folder / WEIGHTS, trained.layouts) as writer:
        for name in trained.layouts:
            writer.write(name, trained.read(name))
