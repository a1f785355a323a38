"""How long a context a model file is served with, by its header and its settings."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mainspring.core.errors import ConfigError
from mainspring.models.local import LlamaServer, LocalSettings
from mainspring.models.local.header import Header, read_header
from mainspring.models.local.reach import needless
from tests.unit.models.gguf import Value, written
from tests.unit.models.test_llama_child import STAND_IN

TOLD = "raise RuntimeError(' '.join(f'{name} {getattr(params, name)}' for name in %r if name in vars(params)))"
NAMES = ["n_ctx", "rope_freq_scale", "yarn_orig_ctx", "yarn_ext_factor"]


@pytest.fixture
def native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the native library: it says what it was asked for, as the reason why it cannot serve."""
    stand_in = STAND_IN.format(act=TOLD % NAMES) + "llama_rope_scaling_type = _Any()\n"
    (tmp_path / "xllamacpp.py").write_text(stand_in, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def served(folder: Path, header: dict[str, Value], **settings: Any) -> str:
    """Give what the native server is asked for."""
    file = written(folder / "m.gguf", header)
    with pytest.raises(ConfigError) as told:
        LlamaServer(file, LocalSettings(**settings)).address()
    return str(told.value)


TRAINED_2K: dict[str, Value] = {"context_length": 2048}
YARN_FILE: dict[str, Value] = {
    "context_length": 8192,
    "rope.scaling.type": "yarn",
    "rope.scaling.factor": 4.0,
    "rope.scaling.original_context_length": 2048,
}


@pytest.mark.parametrize(
    ("header", "settings", "asked"),
    [
        (TRAINED_2K, {}, "n_ctx 2048"),
        (TRAINED_2K, {"context_tokens": 1024, "slots": 3}, "n_ctx 3072"),
        (TRAINED_2K, {"slots": 2}, "n_ctx 4096"),
        (YARN_FILE, {"context_tokens": 8192}, "n_ctx 8192"),
        ({}, {"context_tokens": 50_000}, "n_ctx 50000"),
        (
            TRAINED_2K,
            {"context_tokens": 8192, "rope_scaling": "yarn", "rope_factor": 4},
            "n_ctx 8192 rope_freq_scale 0.25 yarn_orig_ctx 0",
        ),
        (
            TRAINED_2K,
            {"context_tokens": 8192, "rope_scaling": "yarn", "rope_factor": 2, "rope_original_tokens": 4096},
            "n_ctx 8192 rope_freq_scale 0.5 yarn_orig_ctx 4096",
        ),
        (
            TRAINED_2K,
            {"context_tokens": 4096, "rope_scaling": "linear", "rope_factor": 2},
            "n_ctx 4096 rope_freq_scale 0.5 yarn_orig_ctx 0 yarn_ext_factor 0.0",
        ),
    ],
)
@pytest.mark.usefixtures("native")
def test_a_slot_gets_the_context_that_the_file_and_its_stretching_allow(
    tmp_path: Path, header: dict[str, Value], settings: dict[str, Any], asked: str
) -> None:
    assert f"RuntimeError: {asked} Is the file whole" in served(tmp_path, header, **settings)


@pytest.mark.parametrize(
    ("header", "settings", "words"),
    [
        (
            TRAINED_2K,
            {"context_tokens": 3000},
            "context_tokens = 3000 is more than the 2048 that the model was trained for, and llama.cpp would cut "
            "it to that; write context_tokens = 2048, or stretch it: rope_scaling = 'yarn', rope_factor = 1.5",
        ),
        (YARN_FILE, {"context_tokens": 8193}, "rope_factor = 4.25"),
        (
            TRAINED_2K,
            {"context_tokens": 8192, "rope_scaling": "yarn", "rope_factor": 2},
            "the 4096 that rope_factor = 2 makes of 2048, and llama.cpp would cut it to that; write "
            "context_tokens = 4096, or rope_factor = 4",
        ),
        (TRAINED_2K, {"context_tokens": 4097, "rope_scaling": "linear", "rope_factor": 2}, "rope_factor = 2.25"),
    ],
)
@pytest.mark.usefixtures("native")
def test_more_context_than_llama_cpp_serves_is_refused_with_what_reaches_it(
    tmp_path: Path, header: dict[str, Value], settings: dict[str, Any], words: str
) -> None:
    assert words in served(tmp_path, header, **settings)


def test_an_original_context_that_nothing_stretches_is_refused() -> None:
    with pytest.raises(ValidationError, match="rope_original_tokens is of use with a rope_scaling only"):
        LocalSettings(rope_original_tokens=4096)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            LocalSettings(context_tokens=2048, rope_scaling="yarn", rope_factor=2),
            "2,048 tokens need no RoPE scaling",
        ),
        (LocalSettings(context_tokens=4096, rope_scaling="yarn", rope_factor=4), "rope_factor = 2 reaches 4,096"),
        (LocalSettings(context_tokens=4096, rope_scaling="yarn", rope_factor=2), None),
        (LocalSettings(context_tokens=2048), None),
    ],
)
def test_a_factor_beyond_need_is_told(settings: LocalSettings, words: str | None) -> None:
    told = needless(Header(context_tokens=2048), settings)
    assert told is None if words is None else told is not None and words in told


def test_a_header_says_how_its_file_is_stretched(tmp_path: Path) -> None:
    assert read_header(written(tmp_path / "m.gguf", YARN_FILE, "qwen2")) == Header(8192, 2048, "yarn", 4.0)
    assert read_header(written(tmp_path / "m.gguf", TRAINED_2K)).trained_tokens == 2048


def test_what_it_was_trained_for_is_found_behind_the_vocabulary_too(tmp_path: Path) -> None:
    file = written(tmp_path / "m.gguf", TRAINED_2K, vocabulary_first=True)
    assert read_header(file).context_tokens == 2048


@pytest.mark.parametrize("size_bytes", [0, 4, 20, 40, 90])
def test_a_file_that_ends_in_its_header_says_nothing(tmp_path: Path, size_bytes: int) -> None:
    file = written(tmp_path / "m.gguf", TRAINED_2K)
    os.truncate(file, size_bytes)
    assert read_header(file) == Header()


def test_a_header_with_a_length_that_cannot_be_says_nothing(tmp_path: Path) -> None:
    file = written(tmp_path / "m.gguf", TRAINED_2K)
    file.write_bytes(file.read_bytes().replace(b"\x14" + bytes(7) + b"general.arch", b"\xff" * 8 + b"general.arch"))
    assert read_header(file) == Header()
    assert read_header(tmp_path / "missing.gguf") == Header()
