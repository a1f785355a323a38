"""`mainspring doctor`: what it looks at, and what it says to do."""

import json
from pathlib import Path

import pytest

from mainspring.core import JsonObject
from tests.unit.cli.conftest import Cli


def _found(cli: Cli, *arguments: str) -> tuple[int, dict[str, JsonObject]]:
    result = cli("doctor", "--json", *arguments)
    return result.exit_code, {check["name"]: check for check in json.loads(result.stdout)}


def test_a_fresh_installation_is_fit(cli: Cli) -> None:
    code, checks = _found(cli)
    assert code == 0
    assert checks["Python"]["state"] == "ok"
    assert checks["cache"]["state"] == "ok"
    assert checks["mainspring.toml"]["found"] == "none; everything is at its default"
    assert checks["smollm2-135m"]["fix"] == "mainspring models pull smollm2-135m"


def test_keys_are_named_and_never_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    shown = cli("doctor").stdout
    assert "sk-secret" not in shown
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "ok OPENAI_API_KEY set" in lines
    assert "note NVIDIA_API_KEY not set; needed for models of nim" in lines


def test_a_cache_that_cannot_be_written_fails_with_what_to_do(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a file").write_text("")
    monkeypatch.setenv("MAINSPRING_CACHE", "a file/cache")
    result = cli("doctor")
    assert result.exit_code == 1
    assert "set MAINSPRING_CACHE to a folder that can be written" in result.stdout
    assert "Traceback" not in result.stderr


def test_wrong_settings_fail_and_the_rest_is_still_looked_at(cli: Cli) -> None:
    Path("mainspring.toml").write_text("[models.x]\nmodle = 1")
    code, checks = _found(cli)
    assert code == 1
    assert checks["mainspring.toml"]["state"] == "failed"
    assert "modle" in str(checks["mainspring.toml"]["found"])
    assert "OPENAI_API_KEY" in checks


def test_the_settings_file_is_named(cli: Cli) -> None:
    Path("mainspring.toml").write_text("")
    _, checks = _found(cli)
    assert checks["mainspring.toml"]["found"] == str(Path.cwd() / "mainspring.toml")


def test_deep_without_a_model_file_says_what_to_fetch(cli: Cli) -> None:
    code, checks = _found(cli, "--deep")
    assert code == 1
    assert checks["answer"]["fix"] == "mainspring models pull smollm2-135m"
