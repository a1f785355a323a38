"""What a model is made of, whatever it was named by: found, checked, and in Hugging Face's form.

A GGUF is dequantised once and kept in the cache under its SHA-256:

    <cache>/bases/<sha256>/huggingface-1/    the folder, whole
    <cache>/bases/<sha256>/lock              held while somebody makes it

What it keeps true: a folder that is given is whole and can be trained on; two processes that want one base make it
once, and one that is cut off leaves nothing that could be taken for it.
"""

import errno
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from mainspring.core.disk import staged_folder
from mainspring.core.errors import ConfigError, TrainingError
from mainspring.models.cache import cache_dir
from mainspring.models.files import Progress, fetch, load_catalog
from mainspring.models.files.store import hash_of, writing
from mainspring.train.folder import Base
from mainspring.train.weights import GgufFile, Shards, dequantize

_FORM: Final = "huggingface-1"
"""The number goes up when what is written from a GGUF changes."""
_HUB_NAME: Final = re.compile(r"[\w.-]+/[\w.-]+")
_HUB_FILES: Final = ("*.json", "*.safetensors", "*.jinja", "*.model", "*.txt", "README.md")
_LICENCE: Final = re.compile(r"^license:\s*['\"]?([\w.+-]+)", re.MULTILINE)

Tell = Callable[[str], None]


def resolve_base(given: str, *, cache: Path | None = None, progress: Tell | None = None) -> Base:
    """Find the base that a job names, and have it in Hugging Face's form; blocking.

    Args:
        given: A Hugging Face folder or name, a GGUF file, or a name of the catalog of embedded models.
        cache: The cache folder; the user's own where it is left out.
        progress: Told in words what takes long.

    Raises:
        ConfigError: There is no such base, or it cannot be trained on; the message says what it lacks.
        DownloadError: A model of the catalog could not be had.
        TrainingError: There is no room for what is made of a GGUF.
    """
    tell = progress or _silent
    path = Path(given).expanduser()
    if path.is_dir():
        return _folder_base(given, path.resolve())
    if path.is_file():
        return _gguf_base(given, path.resolve(), cache, tell)
    catalog = load_catalog()
    if given in catalog:
        entry = catalog[given]
        file = fetch(entry, cache_dir=cache, progress=lambda done: tell(_downloaded(done)))
        return _gguf_base(given, file, cache, tell, sha256=entry.sha256, licence=entry.licence)
    if _HUB_NAME.fullmatch(given) and not given.endswith(".gguf"):
        return _folder_base(given, _from_hub(given, tell))
    raise ConfigError(
        f"there is no base {given!r}: it is no folder, no GGUF file, no name like owner/model, and not in the "
        f"catalog, which has {', '.join(sorted(catalog))}"
    )


def _silent(_words: str) -> None:
    """Tell nobody."""


def chat_template(folder: Path) -> str | None:
    """Read the chat template of a Hugging Face folder; None where there is none."""
    beside = folder / "chat_template.jinja"
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    path = folder / "tokenizer_config.json"
    within = _read_json(path).get("chat_template") if path.is_file() else None
    if isinstance(within, list):  # several, by name
        named = {one.get("name"): one.get("template") for one in within if isinstance(one, dict)}
        within = named.get("default")
    return within if isinstance(within, str) and within else None


def _folder_base(given: str, folder: Path) -> Base:
    """Check a folder in Hugging Face's form."""
    if not (folder / "config.json").is_file():
        raise ConfigError(f"{str(folder)!r} is no Hugging Face folder: it has no config.json")
    _read_json(folder / "config.json")
    if any(folder.glob("pytorch_model*.bin")) and not any(folder.glob("*.safetensors")):
        raise ConfigError(
            f"the weights in {str(folder)!r} are pickled (.bin), which may run code; save them as safetensors"
        )
    Shards(folder)
    _check_words(folder, folder)
    return Base(given=given, folder=folder, sha256=_weights_digest(folder), licence=_licence(folder))


def _check_words(folder: Path, source: Path) -> None:
    """See that a folder has a tokenizer and a chat template.

    Args:
        folder: In Hugging Face's form.
        source: What it is, or was made of.
    """
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "vocab.json")):
        raise ConfigError(f"{str(source)!r} has no tokenizer: tokenizer.json is missing")
    if chat_template(folder) is None:
        raise ConfigError(
            f"{str(source)!r} has no chat template, so it is not said how a conversation is written for the model. "
            "Take its instruct version; or a Hugging Face folder, with that one's template as chat_template.jinja"
        )


def _gguf_base(
    given: str, file: Path, cache: Path | None, tell: Tell, *, sha256: str = "", licence: str = ""
) -> Base:
    """Give a GGUF's folder, made of it if nobody has yet."""
    gguf = GgufFile(file)
    sha256 = sha256 or hash_of(file).hexdigest()
    folder = (cache or cache_dir()) / "bases" / sha256 / _FORM
    if not folder.is_dir():
        try:
            with writing(folder):
                if not folder.is_dir():
                    tell(f"dequantising {file.name}, once")
                    with staged_folder(folder) as stage:
                        dequantize(gguf, stage)
                        _check_words(stage, file)
        except OSError as error:
            raise _no_room(folder, error) from error
    said = str(gguf.value("general.license", ""))
    return Base(given=given, folder=folder, gguf=file, sha256=sha256, licence=licence or said)


def _no_room(folder: Path, error: OSError) -> TrainingError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        advice = (
            "the disk is full: a base takes four bytes a weight. Make room, or set MAINSPRING_CACHE to another disk"
        )
    else:
        advice = "set MAINSPRING_CACHE to a folder that can be written"
    return TrainingError(f"the base cannot be kept in {str(folder)!r}: {error.strerror or error}; {advice}")


def _from_hub(name: str, tell: Tell) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the base {name!r} is fetched with transformers: pip install 'mainspring[train]'"
        ) from error
    tell(f"looking for {name}")
    try:
        return Path(snapshot_download(name, allow_patterns=list(_HUB_FILES)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise ConfigError(
            f"the base {name!r} could not be had from the Hugging Face hub: {first}. If it is meant to "
            "be a folder, that is not there; without a network, give a folder, a GGUF file or a name of the catalog"
        ) from error


def _weights_digest(folder: Path) -> str:
    """Give the SHA-256 of the weights: of their file, or of the list of digests where there are several."""
    digests = {path.name: hash_of(path).hexdigest() for path in sorted(folder.glob("*.safetensors"))}
    if len(digests) == 1:
        return next(iter(digests.values()))
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()).hexdigest()


def _licence(folder: Path) -> str:
    card = folder / "README.md"
    if not card.is_file():
        return ""
    found = _LICENCE.search(card.read_text(encoding="utf-8", errors="replace"))
    return found[1] if found else ""


def _read_json(path: Path) -> dict[str, JsonValue]:
    try:
        read = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise ConfigError(f"{str(path)!r} should hold a JSON object")
    return read


def _downloaded(done: Progress) -> str:
    share = done.done_bytes / max(1, done.total_bytes)
    return f"fetching {done.file}: {share:.0%} of {done.total_bytes / 1e6:,.0f} MB"
