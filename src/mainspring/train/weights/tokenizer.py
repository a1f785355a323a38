"""The tokenizer of a GGUF as Hugging Face's files, and the other way round, for byte-level BPE.

Both sides must cut a text into the same tokens, or what is served is not what was trained. Merges are only half of
it: the pieces that a text is first cut into are a regular expression, which GGUF names (`tokenizer.ggml.pre`) and
`tokenizer.json` writes out. Those that are known stand in `CUTS`; another is an error, never a guess.

Source: `llama_vocab::impl::load` and `llm_tokenizer_bpe` in llama.cpp's `llama-vocab.cpp`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from mainspring.core.errors import ConfigError
from mainspring.train.weights.gguf_file import GgufFile

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import PreTokenizer

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED = 1, 2, 3, 4, 5
"""What GGUF calls the kinds of token."""

_LLAMA3: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2: Final = _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


@dataclass(frozen=True, slots=True)
class Cut:
    """How a text is cut before merges are applied."""

    pattern: str = ""
    """The pieces; empty for those of GPT-2."""
    digits_alone: bool = False
    """Whether each digit is a piece of its own."""
    whole_words: bool = False
    """Whether a piece that is a token is taken as it is, whatever its merges say."""


CUTS: Final[Mapping[str, Cut]] = {
    "gpt-2": Cut(),
    "smollm": Cut(digits_alone=True),
    "llama-bpe": Cut(_LLAMA3, whole_words=True),
    "qwen2": Cut(_QWEN2),
}
"""By what llama.cpp calls them; the first of several names."""
_ALIASES: Final = {"llama3": "llama-bpe", "llama-v3": "llama-bpe", "deepseek-r1-qwen": "qwen2"}

SPECIAL: Final = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "pad_token": "padding_token_id",
}


def tokenizer_files(file: GgufFile) -> dict[str, str]:
    """Make the files of a GGUF's tokenizer: name to content.

    Raises:
        ConfigError: It is of a kind that is not known, or the header is damaged.
    """
    model, cut_name = file.value("tokenizer.ggml.model", "none"), str(file.value("tokenizer.ggml.pre", "none"))
    cut = CUTS.get(_ALIASES.get(cut_name, cut_name))
    if model != "gpt2" or cut is None:
        raise ConfigError(
            f"{str(file.path)!r} has a tokenizer {model!r}, cut by {cut_name!r}; byte-level BPE ('gpt2') "
            f"cut by {', '.join([*CUTS, *_ALIASES])} is known. Give its Hugging Face folder instead"
        )
    tokens = _texts(file, "tokenizer.ggml.tokens")
    special = {
        name: tokens[file.whole(key)]
        for name, there in SPECIAL.items()
        if (key := f"tokenizer.ggml.{there}") in file.said
    }
    adds_bos = bool(file.value("tokenizer.ggml.add_bos_token", default=False))
    tokenizer = _tokenizer(file, tokens, cut, bos=special.get("bos_token") if adds_bos else None)
    config: dict[str, JsonValue] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": file.whole("{arch}.context_length"),
        "clean_up_tokenization_spaces": False,
        "add_bos_token": adds_bos,
        **special,
    }
    files = {"tokenizer.json": tokenizer.to_str(), "tokenizer_config.json": json.dumps(config, indent=2) + "\n"}
    if template := str(file.value("tokenizer.chat_template", "")):
        files["chat_template.jinja"] = template
    return files


def _tokenizer(file: GgufFile, tokens: tuple[str, ...], cut: Cut, *, bos: str | None) -> "Tokenizer":
    from tokenizers import AddedToken, Tokenizer, decoders, models, processors

    vocab = {token: place for place, token in enumerate(tokens)}
    parts = [merge.partition(" ") for merge in _texts(file, "tokenizer.ggml.merges")]
    try:
        model = models.BPE(
            vocab=vocab, merges=[(left, right) for left, _, right in parts], ignore_merges=cut.whole_words
        )
    except Exception as error:  # the native library raises nothing more exact
        raise ConfigError(f"{str(file.path)!r} has a damaged tokenizer: {error}") from error
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = _pre_tokenizer(cut)
    tokenizer.decoder = decoders.ByteLevel()
    kinds = file.value("tokenizer.ggml.token_type", (NORMAL,) * len(tokens))
    if not isinstance(kinds, tuple) or len(kinds) != len(tokens) or len(vocab) != len(tokens):
        raise ConfigError(
            f"{str(file.path)!r} has a damaged tokenizer: its tokens and their kinds do not fit each other"
        )
    added = {CONTROL: True, USER_DEFINED: False}
    tokenizer.add_tokens(
        [
            AddedToken(token, normalized=False, special=added[int(kind)])
            for token, kind in zip(tokens, kinds, strict=True)
            if int(kind) in added
        ]
    )
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, vocab[bos])]
        )
    return tokenizer


def _pre_tokenizer(cut: Cut) -> "PreTokenizer":
    from tokenizers import Regex, pre_tokenizers

    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not cut.pattern)
    if cut.pattern:
        return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(cut.pattern), behavior="isolated"), to_bytes])
    if cut.digits_alone:
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), to_bytes])
    return to_bytes


def _texts(file: GgufFile, key: str) -> tuple[str, ...]:
    value = file.value(key)
    if not isinstance(value, tuple):
        raise ConfigError(f"{str(file.path)!r} says {key} = {value!r}, which is no list")
    return tuple(str(one) for one in value)
