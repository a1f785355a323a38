"""From `mainspring.toml` to a pool."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from mainspring import open_model
from mainspring.core import Usage
from mainspring.core.errors import ConfigError
from mainspring.models.config import Settings, load_settings
from mainspring.models.endpoint import LOCAL_DEADLINE_S
from mainspring.models.pool import PoolSettings
from mainspring.models.pool.model import PooledModel
from mainspring.models.pool.opening import pool_of
from tests.unit.models.asking import request
from tests.unit.models.wire import Serve, said

Read = Callable[[str], Settings]
MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
TWO = """
[models.fast]
members = [
  { url = "http://gpu-1:8000/v1", model = "llama" },
  { base_url = "http://gpu-2:8000/v1", model = "llama" },
]
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a settings file with these words."""

    def read(text: str) -> Settings:
        path = tmp_path / "mainspring.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return read


def opened(settings: Settings, name: str = "fast") -> PooledModel:
    model = open_model(name, settings)
    assert isinstance(model, PooledModel)
    return model


async def test_each_member_is_asked_at_its_server_for_its_model_with_the_sampling_of_all(
    serve: Serve, read: Read
) -> None:
    wires = [await serve(said("hi")) for _ in range(2)]
    model = opened(
        read(f"""
        [models.fast]
        sampling = {{ temperature = 0.5 }}
        members = [
          {{ url = "{wires[0].base_url}", model = "llama", mode = "native", extra_body = {{ top_k = 5 }} }},
          {{ base_url = "{wires[1].base_url}", model = "qwen", mode = "native" }},
        ]
        """)
    )
    for _ in range(2):
        await model.ask(request())
    bodies = [wire.bodies[0] for wire in wires]
    assert [body["model"] for body in bodies] == ["llama", "qwen"]
    assert [body["temperature"] for body in bodies] == [0.5, 0.5]
    assert [body.get("top_k") for body in bodies] == [5, None]


def test_everything_that_can_be_said_of_a_pool_and_its_members_reaches_them(read: Read) -> None:
    pool = opened(
        read("""
        [models.fast]
        hedge = "p95"
        affinity = false
        concurrency = 8
        queue = 5
        attempts = 3
        attempt_s = 10
        deadline_s = 30
        eject_after = 2
        panic = 0.25
        slow_start_s = 1
        progress_s = 7
        members = [
          { name = "first", url = "http://gpu-1/v1", model = "llama", tier = 2, weight = 0.5, concurrency = 3 },
          { provider = "vllm", model = "llama", price = { input = 1, output = 2 } },
        ]
        """)
    ).pool
    assert pool.name == "fast"
    assert pool.settings == PoolSettings(
        hedge="p95",
        affinity=False,
        concurrency=8,
        queue=5,
        attempts=3,
        attempt_s=10,
        deadline_s=30,
        eject_after=2,
        panic=0.25,
        slow_start_s=1,
    )
    first, second = pool.members
    assert (first.name, first.tier, first.weight, first.concurrency) == ("first", 2, 0.5, 3)
    assert (second.name, second.tier, second.weight, second.concurrency) == ("vllm:llama", 1, 1.0, 8)
    assert [member.endpoint.progress_s for member in pool.members] == [7, 7]
    assert second.endpoint.price(MILLION) == Decimal(3)


def test_a_stream_may_bring_nothing_for_as_long_as_a_call_may_take_unless_something_else_is_said(
    read: Read,
) -> None:
    model = opened(read(TWO + "deadline_s = 900"))
    assert [one.progress_s for one in model.models] == [900, 900]


def test_members_are_named_by_their_place_and_model_and_told_apart_by_a_number(read: Read) -> None:
    one = '{ url = "http://gpu-1:8000/v1", model = "llama" }'
    model = opened(read(f"[models.fast]\nmembers = [{one}, {one}, {one}]"))
    assert [member.name for member in model.pool.members] == [
        "gpu-1:8000:llama",
        "gpu-1:8000:llama#0",
        "gpu-1:8000:llama#1",
    ]


def test_several_processes_of_a_local_model_are_a_pool_that_has_the_time_a_laptop_needs(read: Read) -> None:
    model = opened(read('[models.own]\nprovider = "local"\nmodel = "qwen2.5-coder-1.5b"\nreplicas = 3'), "own")
    names = [member.name for member in model.pool.members]
    assert names == [f"local:qwen2.5-coder-1.5b#{number}" for number in range(3)]
    assert model.pool.settings.deadline_s == LOCAL_DEADLINE_S
    assert [member.is_up is not None and member.is_up() for member in model.pool.members] == [False] * 3
    assert model.price(MILLION) == 0


def test_a_pool_is_opened_once_and_again_where_its_settings_differ(read: Read) -> None:
    settings = read(TWO)
    first = open_model("fast", settings)
    assert open_model("fast", read(TWO)) is first
    assert open_model("fast", read(TWO + 'hedge = "p90"')) is not first
    assert open_model("fast", read(TWO + '[providers.vllm]\nbase_url = "http://other/v1"')) is not first


def test_a_model_at_one_server_is_a_pool_of_one() -> None:
    model = open_model("vllm:llama", Settings())
    assert not isinstance(model, PooledModel)
    pool = pool_of(model)
    assert [member.endpoint for member in pool.members] == [model]
    assert pool.settings.deadline_s == model.deadline_s


MEMBER = '{ url = "http://gpu-1/v1", model = "llama" }'


def one(more: str) -> str:
    """Write a table with one member of which more is said."""
    return f"members = [{MEMBER.replace('}', f', {more} }}')}]"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("members = []", "models.fast.members: Tuple should have at least 1 item"),
        ("members = 'llama'", "models.fast.members: "),
        ('members = [{ url = "http://gpu-1/v1" }]', "models.fast.members.0.model: Field required"),
        (f"members = [{MEMBER}]\nhedge = 'p100'", "models.fast.hedge: "),
        (f"members = [{MEMBER}]\nhedge = '90'", "models.fast.hedge: "),
        (f"members = [{MEMBER}]\nhegde = 'p90'", "models.fast.hegde: Extra inputs"),
        (f"members = [{MEMBER}]\nattempts = 0", "models.fast.attempts: Input should be greater than or equal to 1"),
        (f"members = [{MEMBER}]\npanic = 2", "models.fast.panic: "),
        (f"members = [{MEMBER}]\nmodel = 'llama'", "models.fast.model: Extra inputs"),
        (one("weight = -1"), "models.fast.members.0.weight: "),
        (one("concurrency = 0"), "models.fast.members.0.concurrency: "),
        (one("replicas = 2"), "for other servers write members = [...]"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(read: Read, table: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(f"[models.fast]\n{table}")
    assert "mainspring.toml: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ('{ provider = "vlm", model = "llama" }', "no provider 'vlm'; did you mean 'vllm'"),
        ('{ model = "llama" }', "neither a provider nor a base_url"),
        ('{ provider = "openai", model = "gpt-5-mini" }', "'openai:gpt-5-mini' needs a key.*OPENAI_API_KEY"),
        ('{ url = "gpu-1/v1", model = "llama" }', "base_url 'gpu-1/v1'; give it one that begins with http"),
        ('{ provider = "local", model = "qwen" }', "no embedded model 'qwen'"),
        (MEMBER.replace("}", ", weight = 0 }"), "pool 'fast' has no member with a weight above 0"),
        (", ".join([MEMBER.replace("}", ', name = "one" }')] * 2), "two members of pool 'fast' have the same name"),
    ],
)
def test_a_member_that_cannot_be_opened_is_named_with_what_to_mend(
    read: Read, monkeypatch: pytest.MonkeyPatch, members: str, words: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    settings = read(f"[models.fast]\nmembers = [{members}]")
    with pytest.raises(ConfigError, match=words):
        open_model("fast", settings)
