"""What a GGUF header says of a tokenizer in Hugging Face's files, for byte-level BPE whose cuts are known."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gguf import GGUFValueType
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from mainspring.core.errors import ConfigError
from mainspring.train.weights.architectures import CONVERTER
from mainspring.train.weights.gguf_file import Said
from mainspring.train.weights.tokenizer import CONTROL, CUTS, NORMAL, SPECIAL, UNUSED, USER_DEFINED, Cut


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Added(_Lenient):
    id: int
    content: str
    special: bool = False


class _Model(_Lenient):
    type: str
    vocab: dict[str, int]
    merges: list[str | tuple[str, str]]
    ignore_merges: bool = False


class _Tokenizer(_Lenient):
    model: _Model
    added_tokens: list[_Added] = []
    pre_tokenizer: dict[str, JsonValue] | None = None
    post_processor: dict[str, JsonValue] | None = None


_PARTS: Final = ("pretokenizers", "processors")


def said_of_tokenizer(folder: Path, n_tokens: int) -> dict[str, Said]:
    """Give what a GGUF header says of a folder's tokenizer, but for its template.

    Args:
        folder: In Hugging Face's form.
        n_tokens: Rows of the embedding; ids without a token are said to be unused.

    Raises:
        ConfigError: It is of a kind that is not known, or damaged.
    """
    tokenizer = _read(folder)
    tokens, kinds = _tokens(tokenizer, n_tokens)
    merges = [one if isinstance(one, str) else " ".join(one) for one in tokenizer.model.merges]
    if not merges:
        raise ConfigError(f"the tokenizer in {str(folder)!r} merges nothing, and llama.cpp reads none such")
    special = _special(folder, tokens)
    return {
        "tokenizer.ggml.model": Said(GGUFValueType.STRING, "gpt2"),
        "tokenizer.ggml.pre": Said(GGUFValueType.STRING, _cut_name(tokenizer, folder)),
        "tokenizer.ggml.tokens": Said(GGUFValueType.ARRAY, tuple(tokens), GGUFValueType.STRING),
        "tokenizer.ggml.token_type": Said(GGUFValueType.ARRAY, tuple(kinds), GGUFValueType.INT32),
        "tokenizer.ggml.merges": Said(GGUFValueType.ARRAY, tuple(merges), GGUFValueType.STRING),
        "tokenizer.ggml.add_bos_token": Said(GGUFValueType.BOOL, _adds_bos(tokenizer, special, tokens)),
        **{f"tokenizer.ggml.{SPECIAL[name]}": Said(GGUFValueType.UINT32, place) for name, place in special.items()},
    }


def _read(folder: Path) -> _Tokenizer:
    path = folder / "tokenizer.json"
    try:
        return _Tokenizer.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"the tokenizer {str(path)!r} cannot be read: {error.strerror}; take {CONVERTER}"
        ) from error
    except ValidationError as error:
        raise ConfigError(
            f"{str(path)!r} is no byte-level BPE tokenizer, which alone is known; take {CONVERTER}"
        ) from error


def _tokens(tokenizer: _Tokenizer, n_tokens: int) -> tuple[list[str], list[int]]:
    """Give every token in the order of ids, and its kind."""
    named = {place: token for token, place in tokenizer.model.vocab.items()}
    kinds = dict.fromkeys(named, NORMAL)
    for added in tokenizer.added_tokens:
        named[added.id] = added.content
        kinds[added.id] = CONTROL if added.special else USER_DEFINED
    if max(named, default=0) >= n_tokens:
        raise ConfigError(
            f"the tokenizer has ids up to {max(named)}, and the model {n_tokens} tokens: they do not fit"
        )
    places = range(n_tokens)
    return [named.get(place, f"[PAD{place}]") for place in places], [kinds.get(place, UNUSED) for place in places]


def _cut_name(tokenizer: _Tokenizer, folder: Path) -> str:
    """Give what llama.cpp calls the way in which texts are cut."""
    cut = _cut(tokenizer)
    for name, known in CUTS.items():
        if known == cut:
            return name
    raise ConfigError(
        f"the tokenizer in {str(folder)!r} cuts texts in a way that is not known; {', '.join(CUTS)} are. Take "
        f"{CONVERTER}"
    )


def _cut(tokenizer: _Tokenizer) -> Cut | None:
    """Read the way in which texts are cut; None where it is no byte-level one of a known shape."""
    steps = _steps(tokenizer.pre_tokenizer)
    if tokenizer.model.type != "BPE" or not steps or steps[-1].get("type") != "ByteLevel":
        return None
    match [step["type"] for step in steps[:-1]], steps[0]:
        case [], _:
            cut = Cut()
        case ["Digits"], {"individual_digits": True}:
            cut = Cut(digits_alone=True)
        case ["Split"], {"pattern": {"Regex": str(pattern)}, "behavior": "Isolated"}:
            cut = Cut(pattern)
        case _:
            return None
    if bool(steps[-1].get("use_regex", True)) == bool(cut.pattern) or steps[-1].get("add_prefix_space"):
        return None
    return Cut(cut.pattern, digits_alone=cut.digits_alone, whole_words=tokenizer.model.ignore_merges)


def _steps(part: dict[str, JsonValue] | None) -> list[dict[str, JsonValue]]:
    """Give the steps of a part of a tokenizer, one or several."""
    if part is None:
        return []
    within = next((part[key] for key in _PARTS if key in part), None)
    return [one for one in within if isinstance(one, dict)] if isinstance(within, list) else [part]


def _special(folder: Path, tokens: list[str]) -> dict[str, int]:
    """Give the ids of the tokens with a role."""
    path = folder / "tokenizer_config.json"
    config: Mapping[str, JsonValue] = json.loads(path.read_bytes()) if path.is_file() else {}
    found: dict[str, int] = {}
    for name in SPECIAL:
        value = config.get(name)
        token = value.get("content") if isinstance(value, dict) else value
        if isinstance(token, str) and token in tokens:
            found[name] = tokens.index(token)
    return found


def _adds_bos(tokenizer: _Tokenizer, special: Mapping[str, int], tokens: list[str]) -> bool:
    """Say whether a text gets the token that begins it, which a template of the post-processor does."""
    if "bos_token" not in special:
        return False
    bos = tokens[special["bos_token"]]
    templates = [step for step in _steps(tokenizer.post_processor) if step.get("type") == "TemplateProcessing"]
    return any({"SpecialToken": {"id": bos, "type_id": 0}} in _list(step.get("single")) for step in templates)


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
