"""What training left becomes a model of `mainspring.toml`."""

import json
from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.models.config import ModelSettings, load_settings
from mainspring.promotion.adding import Added, Wanted, add
from mainspring.promotion.settings_file import SettingsFile
from tests.unit.models.gguf import written
from tests.unit.promotion.making import settings

MODEL, ADAPTER = {"context_length": 2048}, {"adapter.type": "lora"}


def trained(folder: Path, **exports: str) -> Path:
    """Make the folder of a training run with exports: the names of folders, and of the file in each."""
    run = folder / "clerk"
    for name, file in exports.items():
        place = run / "exports" / name
        place.mkdir(parents=True)
        header = place / file
        written(header, MODEL) if "adapter" not in name else header.write_bytes(
            b"GGUF..general.type..adapter.type.."
        )
    (run / "job.json").write_text(json.dumps({"out": str(run), "mode": "native"}))
    (run / "base.json").write_text(json.dumps({"given": "smollm2-135m", "gguf": "/cache/smollm2.gguf"}))
    return run


def added(folder: Path, out: str | Path, **more: object) -> Added:
    """Add a model to the settings of a folder."""
    return add(SettingsFile(settings(folder)), Wanted(out=str(out), **more))  # type: ignore[arg-type]


def test_an_export_is_served_here_as_it_was_taught(tmp_path: Path) -> None:
    run = trained(tmp_path, gguf="clerk-q8_0.gguf")
    for out in (run, run / "exports" / "gguf", run / "exports" / "gguf" / "clerk-q8_0.gguf"):
        found = added(tmp_path, out)
        assert found.name == "clerk"
        model = load_settings(tmp_path / "mainspring.toml").models["clerk"]
        assert isinstance(model, ModelSettings)
        assert (model.provider, model.mode) == ("local", "native")
        assert model.model == str(run / "exports" / "gguf" / "clerk-q8_0.gguf")
        assert model.local is not None
        assert model.local.context_tokens == 2048


def test_an_adapter_is_laid_over_the_model_that_it_was_trained_on(tmp_path: Path) -> None:
    run = trained(tmp_path, gguf="clerk.gguf", adapter="clerk-lora.gguf")
    added(tmp_path, run, to="gguf-adapter", name="thin")
    model = load_settings(tmp_path / "mainspring.toml").models["thin"]
    assert isinstance(model, ModelSettings)
    assert model.model == "smollm2-135m"
    assert model.local is not None
    assert [lora.path for lora in model.local.lora] == [run / "exports" / "adapter" / "clerk-lora.gguf"]


def test_an_adapter_of_nobody_knows_what_wants_its_base(tmp_path: Path) -> None:
    lone = tmp_path / "lone.gguf"
    lone.write_bytes(b"GGUF..adapter.type..")
    with pytest.raises(ConfigError, match="--base"):
        added(tmp_path, lone)
    assert added(tmp_path, lone, base="big.gguf").table["model"] == "big.gguf"


def test_a_server_is_named_by_its_address(tmp_path: Path) -> None:
    found = added(tmp_path, "http://gpu-1:8000/v1/", served_as="Clerk 1B", context_tokens=4096)
    assert found.name == "clerk-1b"
    assert found.table == {"base_url": "http://gpu-1:8000/v1", "model": "Clerk 1B", "context_tokens": 4096}
    with pytest.raises(ConfigError, match="--model"):
        added(tmp_path, "http://gpu-1:8000/v1")


def test_adding_again_changes_nothing_and_another_of_that_name_is_not_written_over(tmp_path: Path) -> None:
    run = trained(tmp_path, gguf="clerk.gguf")
    file = SettingsFile(settings(tmp_path))
    assert add(file, Wanted(out=str(run), name="tuned"), replaces=True).changed
    assert not add(file, Wanted(out=str(run), name="tuned")).changed
    with pytest.raises(ConfigError, match="another model 'support'"):
        add(file, Wanted(out=str(run), name="support"))


def test_what_cannot_be_served_is_said(tmp_path: Path) -> None:
    run = trained(tmp_path, gguf="clerk.gguf", other="clerk.gguf")
    with pytest.raises(ConfigError, match=r"exports/gguf/clerk.gguf, exports/other/clerk.gguf"):
        added(tmp_path, run)
    with pytest.raises(ConfigError, match="no export 'thin'"):
        added(tmp_path, run, to="thin")
    with pytest.raises(ConfigError, match="train export"):
        added(tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="no GGUF file"):
        added(tmp_path, run / "job.json")
    with pytest.raises(ConfigError, match="there is no folder"):
        added(tmp_path, "nowhere")
