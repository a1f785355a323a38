"""A base is found by whatever it is named by, checked, and made ready once."""

import json
import struct
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mainspring.core.errors import ConfigError
from mainspring.train.bases import chat_template, resolve_base
from mainspring.train.export import export
from mainspring.train.weights import GgufFile, Shards
from mainspring.train.weights.gguf_file import Said
from mainspring.train.weights.gguf_writing import Planned, write_gguf
from tests.unit.train.export import small


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    """A tiny model in GGUF, with weights of 32 bits."""
    run = small.run(tmp_path / "first", small.base(tmp_path / "base"), method="full")
    made = export(run, "gguf", quantization="f32").gguf
    assert made is not None
    return made


def rewritten(gguf: Path, path: Path, **changes: str | None) -> Path:
    """Write a GGUF again with other words in its header, or without them."""
    file = GgufFile(gguf)
    said = {key: one for key, one in file.said.items() if key not in changes and key != "general.architecture"}
    said |= {key: Said(file.said[key].kind, value) for key, value in changes.items() if value is not None}
    architecture = changes.get("general.architecture") or file.architecture
    said.pop("general.architecture", None)
    write_gguf(
        path,
        architecture,
        said,
        [Planned(one.name, one.shape, one.kind, partial(file.read, one.name)) for one in file.tensors.values()],
    )
    return path


def test_a_hugging_face_folder_is_taken_as_it_is_with_its_digest_and_licence(tmp_path: Path) -> None:
    folder = small.base(tmp_path / "base")
    base = resolve_base(str(folder))
    assert (base.folder, base.gguf, base.licence) == (folder, None, "apache-2.0")
    assert len(base.sha256) == 64


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("config.json", "config.json"),
        ("model.safetensors", "no weights"),
        ("tokenizer.json", "no tokenizer"),
        ("chat_template.jinja", "chat_template.jinja"),
    ],
)
def test_a_folder_that_lacks_something_says_what(tmp_path: Path, missing: str, words: str) -> None:
    folder = small.base(tmp_path / "base")
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=words):
        resolve_base(str(folder))


def test_a_template_within_the_tokenizers_configuration_counts(tmp_path: Path) -> None:
    folder = small.base(tmp_path / "base")
    (folder / "chat_template.jinja").unlink()
    named = [{"name": "tool_use", "template": "a"}, {"name": "default", "template": "b"}]
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": named}))
    assert chat_template(resolve_base(str(folder)).folder) == "b"


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = small.base(tmp_path / "base")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="safetensors"):
        resolve_base(str(folder))


def test_weights_in_several_files_are_read_by_their_index(tmp_path: Path) -> None:
    folder = small.base(tmp_path / "base")
    weights = small.weights()
    (folder / "model.safetensors").unlink()
    halves = {name: f"model-{place % 2}.safetensors" for place, name in enumerate(weights)}
    for file in set(halves.values()):
        small.save(folder / file, {name: one for name, one in weights.items() if halves[name] == file})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": halves}))
    assert resolve_base(str(folder)).folder == folder
    for name, one in weights.items():
        np.testing.assert_array_equal(Shards(folder).read(name), one)


def test_a_gguf_becomes_the_folder_that_it_was_made_of(tmp_path: Path, gguf: Path) -> None:
    base = resolve_base(str(gguf), cache=tmp_path / "cache")
    assert base.gguf == gguf
    assert base.folder.is_relative_to(tmp_path / "cache")
    made, given = Shards(base.folder), small.weights()
    assert set(made.layouts) == set(given)
    for name, one in given.items():
        np.testing.assert_allclose(made.read(name), one + 1, rtol=1e-6)
    config = json.loads((base.folder / "config.json").read_bytes())
    assert config["rms_norm_eps"] == 1e-5
    assert (config["num_key_value_heads"], config["tie_word_embeddings"]) == (small.KV_HEADS, True)
    assert chat_template(base.folder) == small.TEMPLATE


@pytest.mark.parametrize("cut", ["gpt-2", "smollm", "llama-bpe", "qwen2"])
def test_a_text_has_the_same_tokens_before_and_after_gguf(tmp_path: Path, cut: str) -> None:
    run = small.run(tmp_path / "first", small.base(tmp_path / "base", cut=cut))
    gguf = export(run, "gguf", quantization="f32").gguf
    assert gguf is not None
    base = resolve_base(str(gguf), cache=tmp_path / "cache")
    before, after = small.tokenizer(cut), small.tokenizer(cut).from_file(str(base.folder / "tokenizer.json"))
    for text in (small.TEXT, "<|im_start|>user\n  1492 it'll <think>naïve — 海\n\n<|im_end|>"):
        assert after.encode(text).ids == before.encode(text).ids
        assert after.decode(after.encode(text).ids, skip_special_tokens=False) == text


def test_a_gguf_is_made_ready_once_by_whoever_comes_first(tmp_path: Path, gguf: Path) -> None:
    told: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        bases = [
            *pool.map(lambda _: resolve_base(str(gguf), cache=tmp_path / "cache", progress=told.append), range(4))
        ]
    assert len({base.folder for base in bases}) == 1
    assert len(told) == 1


def test_what_a_killed_process_left_is_no_base(tmp_path: Path, gguf: Path) -> None:
    folder = resolve_base(str(gguf), cache=tmp_path / "cache").folder
    left = folder.with_name(f".{folder.name}.writing")
    folder.rename(left)
    (left / "config.json").unlink()
    again = resolve_base(str(gguf), cache=tmp_path / "cache").folder
    assert (again / "config.json").is_file()
    assert not left.exists()


@pytest.mark.parametrize("kept", [0, 3, 40, 5_000, -100])
def test_a_gguf_that_is_cut_off_is_refused_and_leaves_nothing(tmp_path: Path, gguf: Path, kept: int) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(gguf.read_bytes()[:kept])
    with pytest.raises(ConfigError, match=r"broken\.gguf"):
        resolve_base(str(broken), cache=tmp_path / "cache2")
    assert not (tmp_path / "cache2").exists()


def test_a_gguf_whose_header_announces_nonsense_is_refused(tmp_path: Path, gguf: Path) -> None:
    content = bytearray(gguf.read_bytes())
    struct.pack_into("<Q", content, 16, 1 << 60)
    (tmp_path / "broken.gguf").write_bytes(content)
    with pytest.raises(ConfigError, match="no whole GGUF"):
        resolve_base(str(tmp_path / "broken.gguf"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"general.architecture": "mamba"}, "llama, qwen2, qwen3"),
        ({"tokenizer.ggml.pre": "olmo"}, "smollm"),
        ({"tokenizer.ggml.model": "t5"}, "byte-level BPE"),
        ({"tokenizer.chat_template": None}, "no chat template"),
        ({"llama.block_count": None}, "does not say"),
    ],
)
def test_a_gguf_of_a_kind_that_is_not_known_says_which_are(
    tmp_path: Path, gguf: Path, changes: dict[str, str | None], words: str
) -> None:
    other = rewritten(gguf, tmp_path / "other.gguf", **changes)
    with pytest.raises(ConfigError, match=words):
        resolve_base(str(other), cache=tmp_path / "cache3")
    assert not [*tmp_path.glob("cache3/bases/*/huggingface*")]


def test_a_name_that_is_nothing_says_what_there_is() -> None:
    with pytest.raises(ConfigError, match="smollm2-135m"):
        resolve_base("no-such-model")


def test_a_hub_name_without_a_network_says_what_to_give_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigError, match="a folder, a GGUF file or a name of the catalog"):
        resolve_base("owner/model")
