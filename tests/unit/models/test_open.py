"""From a name and a settings file to a model."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from mainspring import ChatModel, Sampling, open_model
from mainspring.core.errors import ConfigError, ModelUnavailable
from mainspring.models.config import Settings, load_settings
from mainspring.models.prices import FREE, Rates
from tests.unit.models.asking import request
from tests.unit.models.wire import Serve, answer, completion, refusal, said

USAGE = {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write the settings file of the working directory, an empty folder, where no key is known."""
    for variable in ("MAINSPRING_CONFIG", "OPENAI_API_KEY", "NVIDIA_API_KEY", "OPENROUTER_API_KEY", "HOUSE_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> Path:
        path = tmp_path / "mainspring.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def opened(name: str, settings: Settings | None = None) -> ChatModel:
    """Open a model that is at one server."""
    model = open_model(name, settings)
    assert isinstance(model, ChatModel)
    return model


def house(base_url: str, more: str = "") -> str:
    return f'[providers.house]\nbase_url = "{base_url}"\napi_key_env = "HOUSE_KEY"\nmode = "native"\n{more}\n'


async def test_a_provider_of_ones_own_serves_any_model(
    serve: Serve, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = await serve(said("hi"))
    write(house(wire.base_url, 'max_tokens_field = "max_completion_tokens"'))
    monkeypatch.setenv("HOUSE_KEY", "sk-house\n")
    model = open_model("house:big/model:free")
    await model.ask(request(sampling=Sampling(max_output_tokens=5)))
    assert model.name == "house:big/model:free"
    assert wire.bodies[0]["model"] == "big/model:free"
    assert wire.bodies[0]["max_completion_tokens"] == 5
    assert wire.asked[0].headers["authorization"] == "Bearer sk-house"


async def test_a_named_model_has_settings_of_its_own(serve: Serve, write: Write) -> None:
    said_in_json = answer(completion('{"thought": "", "answer": "hi"}', usage=USAGE))
    wire = await serve(refusal("500 Broken"), said_in_json, refusal("500 Broken"), refusal("500 Broken"))
    write(
        f"""
        [models.support]
        provider = "vllm"
        base_url = "{wire.base_url}"
        model = "llama-3.3-70b"
        mode = "structured"
        retries = 1
        deadline_s = 30
        price = {{ input = "0.10", output = "0.40" }}
        sampling = {{ temperature = 0.1, stop = ["END"] }}
        extra_body = {{ top_k = 5 }}
        """
    )
    model = opened("support")
    reply = await model.ask(request())
    assert (model.name, model.model, model.mode) == ("support", "llama-3.3-70b", "structured")
    assert reply.usage.cost_usd == Decimal("0.50")
    body = wire.bodies[0]
    assert (body["model"], body["temperature"], body["stop"], body["top_k"]) == ("llama-3.3-70b", 0.1, ["END"], 5)
    assert "response_format" in body
    assert "authorization" not in wire.asked[0].headers
    with pytest.raises(ModelUnavailable):
        await model.ask(request())
    assert len(wire.asked) == 4


async def test_a_named_model_needs_no_provider_where_it_has_a_base_url(serve: Serve, write: Write) -> None:
    wire = await serve(said("hi", usage=USAGE))
    write(f'[models.mine]\nmodel = "gpt-4o"\nbase_url = "{wire.base_url}"\nmode = "native"')
    reply = await open_model("mine").ask(request())
    assert reply.usage.cost_usd is None


async def test_the_calls_of_a_free_provider_cost_nothing(serve: Serve, write: Write) -> None:
    wire = await serve(said("hi", usage=USAGE))
    write(house(wire.base_url, "free = true").replace('api_key_env = "HOUSE_KEY"\n', ""))
    assert (await open_model("house:m").ask(request())).usage.cost_usd == 0


async def test_a_models_own_price_counts_before_the_providers(serve: Serve, write: Write) -> None:
    wire = await serve(said("hi", usage=USAGE))
    write(
        f'[models.mine]\nprovider = "ollama"\nmodel = "m"\nbase_url = "{wire.base_url}"\nmode = "native"\n'
        "price = { input = 1, output = 2 }"
    )
    assert (await open_model("mine").ask(request())).usage.cost_usd == 3


def test_the_built_in_providers_are_known(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert opened("openai:gpt-5-mini").mode == "native"
    assert opened("vllm:m").mode == "structured"
    assert opened("ollama:qwen3:8b").model == "qwen3:8b"


def test_opening_a_model_asks_and_starts_nothing(write: Write) -> None:
    model = open_model("local:qwen2.5-coder-1.5b")
    assert model.name == "local:qwen2.5-coder-1.5b"
    assert "structured" in repr(model)


def test_a_missing_key_names_its_variable(write: Write) -> None:
    write(house("http://localhost/v1"))
    for name, variable in (("openai:gpt-5-mini", "OPENAI_API_KEY"), ("house:m", "HOUSE_KEY")):
        with pytest.raises(ConfigError, match=f"{name}.*{variable}"):
            open_model(name)


@pytest.mark.parametrize("key", ["", " \n"])
def test_an_empty_key_is_a_missing_key(write: Write, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        open_model("openai:gpt-5-mini")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("opnai:gpt-5-mini", "no provider 'opnai'; did you mean 'openai'.*providers.opnai"),
        ("hous:m", "did you mean 'house'"),
        ("locla:qwen2.5-coder-1.5b", "did you mean 'local'"),
        ("suport", "no model 'suport'; did you mean 'support'"),
        ("qwen2.5-coder-1.5b", "did you mean 'local:qwen2.5-coder-1.5b'"),
        ("local:qwen2.5-coder", "no embedded model 'qwen2.5-coder'; did you mean 'qwen2.5-coder-1.5b'"),
        ("zzz", "no model 'zzz'; write provider:model"),
        ("openai:", "no model 'openai:'"),
        ("", "no model ''"),
        ("nowhere", "'nowhere' has neither a provider nor a base_url"),
        ("lost", "no provider 'vlm'; did you mean 'vllm'"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_with_the_nearest(write: Write, name: str, words: str) -> None:
    write(
        house("http://localhost/v1")
        + '[models.support]\nprovider = "vllm"\nmodel = "m"\n[models.nowhere]\nmodel = "m"\n'
        + '[models.lost]\nprovider = "vlm"\nmodel = "m"'
    )
    with pytest.raises(ConfigError, match=words):
        open_model(name)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[modles.a]\nmodel = 'm'", "modles"),
        ("[models.a]\nmodle = 'm'\nmodel = 'm'", "models.a.modle"),
        ("[models.a]\nprovider = 'vllm'", "models.a.model"),
        ("[models.a]\nmodel = 'm'\nmode = 'fast'", "models.a.mode"),
        ("[models.a]\nmodel = 'm'\nretries = -1", "models.a.retries"),
        ("[models.a]\nmodel = 'm'\ndeadline_s = 0", "models.a.deadline_s"),
        ("[models.a]\nmodel = 'm'\nsampling = { temprature = 1 }", "models.a.sampling.temprature"),
        ("[models.a]\nmodel = 'm'\nprice = { input = 1 }", "models.a.price.output"),
        ("[providers.p]\napi_key = 'sk-1'", "providers.p.api_key"),
        ("[models.a\n", "cannot be read"),
    ],
)
def test_a_wrong_settings_file_is_refused_with_its_path_and_place(write: Write, text: str, place: str) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        open_model("vllm:m")
    assert str(path) in str(caught.value)
    assert place in str(caught.value)
    assert "sk-1" not in str(caught.value)


def test_a_settings_file_that_is_no_text_is_refused(write: Write) -> None:
    write("").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"mainspring\.toml: cannot be read"):
        open_model("vllm:m")


def test_the_settings_file_is_found_in_a_folder_above(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[models.a]\nprovider = "vllm"\nmodel = "outer"')
    below = tmp_path / "deep" / "down"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert opened("a").model == "outer"
    (tmp_path / "deep" / "mainspring.toml").write_text('[models.a]\nprovider = "vllm"\nmodel = "inner"')
    assert opened("a").model == "inner"


def test_the_settings_file_may_be_named_by_the_environment(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[models.a]\nprovider = "vllm"\nmodel = "here"')
    other = tmp_path / "other.toml"
    other.write_text('[models.a]\nprovider = "vllm"\nmodel = "there"')
    monkeypatch.setenv("MAINSPRING_CONFIG", str(other))
    assert opened("a").model == "there"
    monkeypatch.setenv("MAINSPRING_CONFIG", str(tmp_path / "missing.toml"))
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read"):
        open_model("a")


def test_without_a_settings_file_everything_is_at_its_default(write: Write) -> None:
    settings = load_settings()
    assert (settings.models, settings.providers, settings.catalog) == ({}, {}, {})


def test_settings_given_win_over_the_file(write: Write, tmp_path: Path) -> None:
    write("[models.a")
    good = tmp_path / "good.toml"
    good.write_text('[models.a]\nprovider = "vllm"\nmodel = "m"')
    assert opened("a", load_settings(good)).model == "m"


def test_a_price_of_nothing_is_free() -> None:
    assert Rates(input=Decimal(0), output=Decimal(0)) == FREE
