"""`mainspring models`: what there is, fetching it, and probing it."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli
from tests.unit.cli.serving import serving

CONTENT = b"GGUF" + bytes(range(256)) * 4096


def _catalog(address: str, content: bytes = CONTENT) -> None:
    Path("mainspring.toml").write_text(f"""
[catalog.tiny]
file = "tiny.gguf"
size_bytes = {len(content)}
sha256 = "{hashlib.sha256(content).hexdigest()}"
licence = "Apache-2.0"
context_tokens = 512
sources = [{{ kind = "url", url = "{address}/tiny" }}]

[models.quick]
provider = "local"
model = "tiny"

[models.support]
base_url = "{address}/v1"
model = "m"

[models.keyed]
provider = "openai"
model = "gpt-5-mini"
""")


def test_the_list_says_what_is_here_and_which_keys_are_set(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _catalog("http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    shown = cli("models", "list").stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "local:tiny 1.0 MB, 512 tokens, Apache-2.0 not fetched" in lines
    assert "quick local tiny not fetched" in lines
    assert "support http://127.0.0.1:9/v1 m no key needed" in lines
    assert "keyed openai gpt-5-mini OPENAI_API_KEY set" in lines
    assert "nim https://integrate.api.nvidia.com/v1 NVIDIA_API_KEY not set" in lines
    assert "sk-secret" not in shown


def test_the_list_as_json_says_what_can_be_used(cli: Cli) -> None:
    _catalog("http://127.0.0.1:9")
    listed = {item["name"]: item for item in json.loads(cli("models", "list", "--json").stdout)}
    assert listed["support"]["ready"] is True
    assert listed["keyed"]["ready"] is False
    assert listed["local:tiny"]["kind"] == "embedded"


def test_pull_fetches_shows_tenths_and_prints_the_path(cli: Cli) -> None:
    with serving(tiny=CONTENT) as address:
        _catalog(address)
        result = cli("models", "pull", "tiny")
    assert result.exit_code == 0
    assert Path(result.stdout.strip()).read_bytes() == CONTENT
    assert result.stderr.splitlines()[0].startswith("tiny: 0 B of 1.0 MB (0 %) from http://127.0.0.1:")
    assert "tiny: 1.0 MB of 1.0 MB (100 %)" in result.stderr


def test_pulling_what_is_here_prints_its_path_again(cli: Cli) -> None:
    with serving(tiny=CONTENT) as address:
        _catalog(address)
        path = cli("models", "pull", "local:tiny").stdout
    again = cli("models", "pull", "tiny", "--verify")
    assert (again.exit_code, again.stdout, again.stderr) == (0, path, "")


def test_verify_replaces_a_file_that_was_altered(cli: Cli) -> None:
    with serving(tiny=CONTENT) as address:
        _catalog(address)
        path = Path(cli("models", "pull", "tiny").stdout.strip())
        path.write_bytes(b"x" * len(CONTENT))
        result = cli("models", "pull", "tiny", "--verify")
    assert result.exit_code == 0
    assert path.read_bytes() == CONTENT


def test_a_file_that_no_source_has_is_an_error_with_its_details_below(cli: Cli) -> None:
    with serving() as address:
        _catalog(address)
        result = cli("models", "pull", "tiny")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"\nerror: 'tiny' ({len(CONTENT)} bytes) could not be fetched. Looked at:\n" in result.stderr
    assert "404" in result.stderr


def test_a_name_that_is_not_in_the_catalog_is_refused_before_anything_is_fetched(cli: Cli) -> None:
    _catalog("http://127.0.0.1:9")
    result = cli("models", "pull", "tiny", "tinny")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: there is no embedded model 'tinny'; did you mean 'tiny'?")


def test_probe_says_how_a_model_can_be_made_to_act(cli: Cli) -> None:
    with serving() as address:
        _catalog(address)
        shown = cli("models", "probe", "support")
        document = json.loads(cli("models", "probe", "support", "--json").stdout)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "model       support",
        "structured  yes: replies are held to a schema",
        "native      no",
        "mode        structured",
        "context     4,096 tokens",
        "trained on  not known",
        "scaling     the server does not say",
    ]
    assert document == {
        "model": "support", "structured": True, "native": False, "mode": "structured", "context_tokens": 4096,
        "slots": None, "trained_tokens": None, "rope_scaling": None, "rope_factor": None, "warnings": [],
    }  # fmt: skip


def test_probe_warns_of_a_context_that_the_server_does_not_serve(cli: Cli) -> None:
    with serving() as address:
        Path("mainspring.toml").write_text(
            f'[models.support]\nbase_url = "{address}/v1"\nmodel = "m"\ncontext_tokens = 8192\n'
        )
        shown = cli("models", "probe", "support").stdout
    assert shown.splitlines()[-1].startswith("warning     it is taken for a model of 8,192 tokens")


def test_probe_knows_what_models_of_the_gpu_calculator_were_trained_on(cli: Cli) -> None:
    with serving() as address:
        Path("mainspring.toml").write_text(
            f'[models.support]\nbase_url = "{address}/v1"\nmodel = "Qwen/Qwen2.5-7B-Instruct"\n'
        )
        document = json.loads(cli("models", "probe", "support", "--json").stdout)
    assert document["trained_tokens"] == 32_768


def test_probe_names_the_members_to_ask_where_a_name_is_a_pool(cli: Cli) -> None:
    Path("mainspring.toml").write_text(
        '[models.fast]\nmembers = [{ url = "http://127.0.0.1:9/v1", model = "m" }]\n'
    )
    result = cli("models", "probe", "fast")
    assert result.exit_code == 2
    assert "'fast' is a pool" in result.stderr


@pytest.mark.parametrize(
    ("name", "code"), [("support", 1), ("keyed", 2), ("nothing", 2), ("nowhere:m", 2), ("local:nothing", 2)]
)
def test_what_cannot_be_probed_is_one_line(cli: Cli, name: str, code: int) -> None:
    _catalog("http://127.0.0.1:9")
    result = cli("models", "probe", name)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize("command", [["models", "list"], ["models", "pull", "tiny"], ["models", "probe", "x"]])
@pytest.mark.parametrize("text", ["[models", "[models.x]\nmodle = 1", "[catalog.x]\nfile = 1"])
def test_a_wrong_settings_file_is_said_to_be_wrong(cli: Cli, command: list[str], text: str) -> None:
    Path("mainspring.toml").write_text(text)
    result = cli(*command)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
