"""An export holds the weights that training came to, in the form that was asked for, in whole or not at all."""

import json
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from mainspring.core.errors import ConfigError
from mainspring.train.export import Quantization, export
from mainspring.train.folder import RunFolder
from mainspring.train.job import Rope
from mainspring.train.metrics import Ended, Evaluation, Step
from mainspring.train.weights import GgufFile, Shards
from tests.unit.train.export import small

Q = "model.layers.1.self_attn.q_proj.weight"


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return small.run(tmp_path / "run", small.base(tmp_path / "base"))


def merged() -> NDArray[np.float32]:
    """Give what q of the second layer comes to."""
    stem, factors = f"base_model.model.{Q.removesuffix('.weight')}", small.factors()
    added = factors[f"{stem}.lora_B.weight"] @ factors[f"{stem}.lora_A.weight"]
    return np.asarray(small.weights()[Q] + small.ALPHA / small.RANK * added, np.float32)


def test_merged_safetensors_hold_the_base_with_what_the_adapter_adds(run: RunFolder) -> None:
    exported = export(run, "safetensors")
    weights = Shards(exported.folder)
    np.testing.assert_allclose(weights.read(Q), merged(), rtol=1e-5)
    untouched = "model.layers.1.self_attn.k_proj.weight"
    np.testing.assert_array_equal(weights.read(untouched), small.weights()[untouched])
    assert {"config.json", "tokenizer.json", "chat_template.jinja"} <= {one.name for one in exported.files}


def test_an_adapter_is_exported_as_training_left_it(run: RunFolder) -> None:
    exported = export(run, "adapter")
    name = "adapter_model.safetensors"
    assert (exported.folder / name).read_bytes() == (run.model / name).read_bytes()


def test_a_gguf_has_the_rows_of_q_in_llama_cpps_order(run: RunFolder) -> None:
    exported = export(run, "gguf", quantization="f32")
    assert exported.gguf is not None
    in_file = GgufFile(exported.gguf).read("blk.1.attn_q.weight")
    head_dim = small.WIDTH // small.HEADS
    by_head = merged().reshape(small.HEADS, head_dim, small.WIDTH)
    np.testing.assert_allclose(in_file[2 : 2 + 2], by_head[0][[1, 1 + head_dim // 2]], rtol=1e-5)


@pytest.mark.parametrize(
    ("quantization", "of_weights", "of_embeddings", "file_type"),
    [
        ("f16", "F16", "F16", 1),
        ("q8_0", "Q8_0", "Q8_0", 7),
        ("q4_0", "Q4_0", "Q8_0", 2),
        ("q5_1", "Q5_1", "Q8_0", 9),
    ],
)
def test_a_gguf_says_how_it_is_quantised_and_spares_the_vocabulary(
    run: RunFolder, quantization: Quantization, of_weights: str, of_embeddings: str, file_type: int
) -> None:
    exported = export(run, "gguf", quantization=quantization)
    assert exported.gguf is not None
    read = gguf.GGUFReader(exported.gguf)  # as others read it
    kinds = {tensor.name: tensor.tensor_type.name for tensor in read.tensors}
    assert kinds["blk.0.ffn_up.weight"] == of_weights
    assert kinds["token_embd.weight"] == of_embeddings
    assert kinds["blk.0.attn_norm.weight"] == "F32"
    assert read.fields["general.file_type"].contents() == file_type
    assert exported.folder.name == f"gguf-{quantization}"


def test_a_base_that_was_a_gguf_gives_its_header_to_what_was_made_of_it(tmp_path: Path, run: RunFolder) -> None:
    base = export(run, "gguf", quantization="q8_0").gguf
    assert base is not None
    tuned = export(small.run(tmp_path / "second", base), "gguf", quantization="q4_0").gguf
    assert tuned is not None
    before, after = GgufFile(base), GgufFile(tuned)
    changed = {key for key in before.said if before.said[key] != after.said.get(key)}
    assert changed == {"general.name", "general.file_type", "general.base_model.0.name"}
    assert set(before.tensors) == set(after.tensors)


def test_an_adapter_in_gguf_names_its_scale_and_its_factors(run: RunFolder) -> None:
    exported = export(run, "gguf-adapter")
    assert exported.gguf is not None
    file = GgufFile(exported.gguf)
    assert file.value("general.type") == "adapter"
    assert file.number("adapter.lora.alpha") == small.ALPHA
    assert set(file.tensors) == {f"blk.{layer}.attn_q.weight.lora_{ab}" for layer in (0, 1) for ab in "ab"}


def test_all_weights_are_exported_where_all_were_trained(tmp_path: Path) -> None:
    run = small.run(tmp_path / "run", small.base(tmp_path / "base"), method="full")
    np.testing.assert_allclose(Shards(export(run, "safetensors").folder).read(Q), small.weights()[Q] + 1, rtol=1e-6)
    with pytest.raises(ConfigError, match="there is no adapter"):
        export(run, "gguf-adapter")


@pytest.mark.parametrize("kind", ["yarn", "linear"])
def test_stretched_positions_are_said_in_every_form(tmp_path: Path, kind: str) -> None:
    rope = Rope.model_validate({"kind": kind, "factor": 4})
    run = small.run(tmp_path / "run", small.base(tmp_path / "base"), rope=rope)
    config = json.loads((export(run, "safetensors").folder / "config.json").read_bytes())
    assert config["max_position_embeddings"] == 2048
    assert config["rope_parameters"]["rope_type"] == kind
    made = export(run, "gguf").gguf
    assert made is not None
    file = GgufFile(made)
    assert file.whole("llama.context_length") == 2048
    assert (file.value("llama.rope.scaling.type"), file.number("llama.rope.scaling.factor")) == (kind, 4.0)


def test_the_stretching_of_llama_31_goes_through_gguf_and_back(tmp_path: Path) -> None:
    said = {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    base = small.base(tmp_path / "base", rope_scaling=said, rope_theta=500000.0)
    made = export(small.run(tmp_path / "run", base), "gguf").gguf
    assert made is not None
    second = small.run(tmp_path / "second", made)
    config = json.loads((export(second, "safetensors").folder / "config.json").read_bytes())
    assert config["rope_parameters"] == said | {"rope_theta": 500000.0}


def test_a_row_that_blocks_do_not_divide_has_16_bits(tmp_path: Path) -> None:
    run = small.run(tmp_path / "run", small.base(tmp_path / "base"), method="full")
    weights = Shards(run.model)
    narrow = {name: weights.read(name) for name in weights.layouts}
    for layer in (0, 1):
        stem = f"model.layers.{layer}.mlp"
        narrow[f"{stem}.down_proj.weight"] = narrow[f"{stem}.down_proj.weight"][:, :90]
    small.save(run.model / "model.safetensors", narrow)
    made = export(run, "gguf", quantization="q4_0").gguf
    assert made is not None
    assert GgufFile(made).tensors["blk.0.ffn_down.weight"].kind.name == "F16"


def test_an_adapter_of_another_base_is_refused_and_leaves_nothing(run: RunFolder) -> None:
    small.save(run.model / "adapter_model.safetensors", small.factors(width=48))
    with pytest.raises(ConfigError, match="another base"):
        export(run, "gguf")
    assert not run.exports.exists()


def test_a_base_that_has_changed_since_is_refused(tmp_path: Path, run: RunFolder) -> None:
    base = export(run, "gguf").gguf
    assert base is not None
    second = small.run(tmp_path / "second", base)
    export(run, "gguf", quantization="q8_0", name="gguf-q8_0")
    with base.open("ab") as file:
        file.write(b"more")
    with pytest.raises(ConfigError, match="another file"):
        export(second, "gguf")


def test_an_adapter_that_is_cut_off_is_refused(run: RunFolder) -> None:
    path = run.model / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ConfigError, match="no whole safetensors"):
        export(run, "gguf")


def test_what_cannot_be_merged_is_refused_by_its_name(run: RunFolder) -> None:
    config = json.loads((run.model / "adapter_config.json").read_bytes())
    (run.model / "adapter_config.json").write_text(json.dumps(config | {"use_dora": True}))
    with pytest.raises(ConfigError, match="use_dora"):
        export(run, "safetensors")


def test_a_run_that_has_not_ended_has_nothing_to_export(run: RunFolder) -> None:
    (run.model / "adapter_config.json").unlink()
    with pytest.raises(ConfigError, match="not come to its end"):
        export(run, "gguf")


@pytest.mark.parametrize("name", ["../elsewhere", ".hidden", "a/b"])
def test_a_name_that_leads_elsewhere_is_refused(run: RunFolder, name: str) -> None:
    with pytest.raises(ConfigError, match="no name for a folder"):
        export(run, "gguf", name=name)


FULL = """
import resource, sys
from pathlib import Path
from mainspring.core.errors import TrainingError
from mainspring.train.export import export
from mainspring.train.folder import RunFolder

resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    export(RunFolder(Path(sys.argv[1])), sys.argv[2])
except TrainingError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the size of files is limited by a POSIX call")
@pytest.mark.parametrize("form", ["gguf", "safetensors"])
def test_a_full_disk_is_said_and_what_was_there_before_stays(run: RunFolder, form: str) -> None:
    before = export(run, "safetensors" if form == "safetensors" else "gguf").folder
    kept = {path.name: path.read_bytes() for path in before.iterdir()}
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(run.path), form], capture_output=True, text=True, check=False
    )
    assert "the disk is full" in ended.stdout, ended.stderr
    assert {path.name: path.read_bytes() for path in before.iterdir()} == kept
    assert [path.name for path in run.exports.iterdir()] == [before.name]


def test_the_card_leads_from_documents_to_files(run: RunFolder) -> None:
    data = run.path / "data"
    data.mkdir()
    (data / "README.md").write_text("a card")
    document = {
        "id": "d1",
        "name": "kiln | <b>.txt",
        "licence": "CC-BY-4.0",
        "source": "a shelf",
        "digest": "ab" * 32,
    }
    (data / "documents.jsonl").write_text(json.dumps(document) + "\n")
    row = {
        "document": "d1",
        "run": "r1",
        "prompts": {"answer_writer": "2:abcd"},
        "models": {"answer_writer": "big-7b"},
    }
    (data / "provenance.jsonl").write_text(json.dumps(row) + "\nbroken\n")
    (data / "report.json").write_text(json.dumps({"judge": {"model": "referee", "counts": True}}))
    lines = [
        Step(
            at=1,
            step=1,
            epoch=1,
            loss=2.5,
            learning_rate=1,
            gradient_norm=1,
            tokens=64,
            seconds=2,
            peak_memory_mb=1,
        ),
        Evaluation(at=2, step=1, loss=1.25, is_best=True),
        Ended(at=3, step=1, early=False, best_step=1),
    ]
    run.metrics.write_text("".join(line.model_dump_json() + "\n" for line in lines))
    exported = export(run, "gguf")
    card = (exported.folder / "README.md").read_text()
    lineage = json.loads((exported.folder / "lineage.json").read_bytes())
    front = yaml.safe_load(card.split("---")[1])
    assert (front["license"], front["base_model"], front["datasets"]) == ("apache-2.0", "base", ["data"])
    for words in ("CC\\-BY", "kiln \\| \\<b\\>.txt", "big-7b", "1.2500", exported.files[0].sha256):
        assert words.replace("\\-", "-") in card
    assert lineage["dataset"]["runs"] == ["r1"]
    assert lineage["dataset"]["judge"] == "referee"
    assert lineage["figures"]["validation_loss"] == 1.25
    assert str(run.path) not in json.dumps(lineage)
    assert str(run.path) not in card


def test_an_export_of_the_same_model_has_the_same_bytes(run: RunFolder) -> None:
    first = {path.name: path.read_bytes() for path in export(run, "gguf").folder.iterdir()}
    assert {path.name: path.read_bytes() for path in export(run, "gguf").folder.iterdir()} == first
