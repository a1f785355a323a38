"""Changes to `mainspring.toml`: what is meant is there, what a person wrote stays, nothing is half-written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mainspring.core.errors import ConfigError
from mainspring.models.config import PooledSettings, load_settings
from mainspring.promotion.members import present_share, with_share, without
from mainspring.promotion.settings_file import SettingsFile
from tests.unit.promotion.making import settings

WRITTEN = """\
# Ours.
[gateway]
port = 4001   # not the usual one

# Who answers customers.
[models.support]
provider = "local"   # on this machine
model = "large.gguf"
sampling = { temperature = 0.2 }   # calm
retries = 4

[models.support.local]
context_tokens = 4096

# What training left.
[models.tuned]
provider = "local"
model = "tuned.gguf"
mode = "native"

[providers.house]
base_url = "http://house/v1"
"""
POOL = """\
[models.support]
hedge = "p90"
members = [
  { url = "http://gpu-1:8000/v1", model = "llama" },   # the first
  { url = "http://gpu-2:8000/v1", model = "llama" },
]

[models.tuned]
url = "http://gpu-3:8000/v1"
model = "tuned"
"""
HEADED = """\
[[models.support.members]]
url = "http://gpu-1:8000/v1"   # the first
model = "llama"

[models.tuned]
url = "http://gpu-3:8000/v1"
model = "tuned"
"""


def give(path: Path, share: float, **more: Any) -> bool:
    """Give the tuned model a share."""
    return SettingsFile(path).change(lambda models: with_share(models, "support", "tuned", share, **more).models)


def pool_in(path: Path) -> PooledSettings:
    """Read the pool as everybody does."""
    pool = load_settings(path).models["support"]
    assert isinstance(pool, PooledSettings)
    return pool


def test_a_model_at_one_server_becomes_a_pool_that_works_as_it_did(tmp_path: Path) -> None:
    path = settings(tmp_path, WRITTEN)
    assert give(path, 0.2)
    pool = pool_in(path)
    present, tuned = pool.members
    assert (present.provider, present.model, present.weight, present.tier) == ("local", "large.gguf", 1.0, 1)
    assert present.local is not None
    assert present.local.context_tokens == 4096
    assert (pool.sampling.temperature, pool.attempts) == (0.2, 5)
    assert (tuned.name, tuned.model, tuned.mode, tuned.tier) == ("tuned", "tuned.gguf", "native", 1)
    assert tuned.weight == pytest.approx(0.25)


def test_comments_and_order_stay_and_the_old_text_is_beside(tmp_path: Path) -> None:
    path = settings(tmp_path, WRITTEN)
    give(path, 0.1)
    lines = path.read_text().splitlines()
    for line in (
        "# Ours.",
        "port = 4001   # not the usual one",
        "# Who answers customers.",
        "# What training left.",
    ):
        assert line in lines
    assert "sampling = { temperature = 0.2 }   # calm" in lines
    headings = [line for line in lines if line.startswith("[")]
    assert headings == ["[gateway]", "[models.support]", "[models.tuned]", "[providers.house]"]
    assert path.with_name("mainspring.toml.bak").read_text() == WRITTEN


@pytest.mark.parametrize("text", [WRITTEN, POOL, HEADED], ids=["model", "pool", "headings"])
def test_the_same_change_again_writes_nothing(text: str, tmp_path: Path) -> None:
    path = settings(tmp_path, text)
    assert give(path, 0.1)
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert not give(path, 0.1)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("text", [POOL, HEADED], ids=["pool", "headings"])
def test_members_that_are_there_keep_their_lines(text: str, tmp_path: Path) -> None:
    path = settings(tmp_path, text)
    for share in (0.1, 0.5, 1.0, 0.0):
        give(path, share)
        assert "# the first" in path.read_text()
        assert present_share(SettingsFile(path).models(), "support", "tuned") == pytest.approx(share, abs=0.001)
    assert [member.weight for member in pool_in(path).members][-1] == 0


def test_those_that_were_there_can_be_kept_under_a_name_of_their_own(tmp_path: Path) -> None:
    path = settings(tmp_path, WRITTEN)
    give(path, 1.0, kept_as="support-large")
    kept = load_settings(path).models["support-large"]
    assert not isinstance(kept, PooledSettings)
    assert (kept.model, kept.retries) == ("large.gguf", 4)
    assert [member.tier for member in pool_in(path).members] == [2, 1]


def test_a_candidate_that_was_added_anew_is_served_as_it_is_now(tmp_path: Path) -> None:
    path = settings(tmp_path, POOL)
    give(path, 0.1)
    path.write_text(path.read_text().replace("http://gpu-3", "http://gpu-4"))
    give(path, 0.1)
    assert pool_in(path).members[-1].base_url == "http://gpu-4:8000/v1"


def test_the_present_model_is_the_pool_without_the_candidate(tmp_path: Path) -> None:
    path = settings(tmp_path, POOL)
    give(path, 0.1)
    left = without(SettingsFile(path).models(), "support", "tuned")
    assert [member["model"] for member in left["members"]] == ["llama", "llama"]


@pytest.mark.parametrize(
    ("pool", "model", "says"),
    [
        ("suport", "tuned", "did you mean 'support'"),
        ("support", "tund", "did you mean 'tuned'"),
        ("support", "support", "cannot be a member of itself"),
        ("tuned", "support", "'support' is a pool"),
    ],
)
def test_what_cannot_be_promoted_is_said(pool: str, model: str, says: str, tmp_path: Path) -> None:
    file = SettingsFile(settings(tmp_path, POOL))
    with pytest.raises(ConfigError, match=says):
        with_share(file.models(), pool, model, 0.1)


def test_what_would_not_be_valid_is_not_written(tmp_path: Path) -> None:
    path = settings(tmp_path, POOL)
    with pytest.raises(ConfigError, match="left as it is"):
        SettingsFile(path).change(lambda models: {**models, "other": {"modell": "x"}})
    assert path.read_text() == POOL
    assert [file.name for file in tmp_path.iterdir()] == ["mainspring.toml"]


def test_what_somebody_else_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = settings(tmp_path, POOL)
    n_asked = 0

    def added(models: Mapping[str, Any]) -> dict[str, Any]:
        nonlocal n_asked
        n_asked += 1
        if n_asked == 1:
            path.write_text(POOL + '\n[models.theirs]\nmodel = "theirs"\nurl = "http://theirs/v1"\n')
        return {**models, "ours": {"model": "ours", "url": "http://ours/v1"}}

    assert SettingsFile(path).change(added)
    assert n_asked == 2
    assert {"theirs", "ours"} <= load_settings(path).models.keys()


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "mainspring.toml"
    assert SettingsFile(path).change(lambda _: {"ours": {"model": "ours", "url": "http://ours/v1"}})
    assert path.read_text() == '[models.ours]\nmodel = "ours"\nurl = "http://ours/v1"\n\n'


def test_the_file_behind_a_link_is_changed_and_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = settings(tmp_path / "real", POOL)
    real.chmod(0o600)
    link = tmp_path / "mainspring.toml"
    link.symlink_to(real)
    give(link, 0.1)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "tuned" in [member.name for member in pool_in(real).members]
