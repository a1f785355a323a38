"""`mainspring models list`, where a name stands for several servers."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli

TABLE = """
[models.fast]
members = [
  { url = "http://gpu-1:8000/v1", model = "llama" },
  { url = "http://gpu-1:8000/v1", model = "llama" },
  { provider = "openai", model = "gpt-5-mini", tier = 2 },
]

[models.own]
hedge = "p90"
members = [{ provider = "vllm", model = "llama" }, { provider = "vllm", model = "qwen" }]
"""


def test_a_pool_is_listed_with_its_members_and_the_key_that_is_missing(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mainspring.toml").write_text(TABLE)
    lines = [" ".join(line.split()) for line in cli("models", "list").stdout.splitlines()]
    what = "fast 3 members: http://gpu-1:8000/v1 llama, openai gpt-5-mini"
    assert f"{what} OPENAI_API_KEY not set" in lines
    assert "own 2 members: vllm llama, vllm qwen no key needed" in lines
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    listed = {item["name"]: item for item in json.loads(cli("models", "list", "--json").stdout)}
    assert (listed["fast"]["state"], listed["fast"]["ready"]) == ("its keys are set", True)
