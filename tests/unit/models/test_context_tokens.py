"""How long a conversation with a model may be, where that is known without asking anybody."""

from typing import Any

import pytest

from mainspring.core import Windowed
from mainspring.models import ScriptedModel, open_model
from mainspring.models.config import Settings

FAST: dict[str, Any] = {"provider": "vllm", "model": "m", "context_tokens": 32_768}
LOCAL: dict[str, Any] = {"provider": "local", "model": "qwen2.5-coder-1.5b"}
POOL: dict[str, Any] = {
    "members": [
        {"url": "http://a/v1", "model": "m", "context_tokens": 16_384},
        {"url": "http://b/v1", "model": "m", "context_tokens": 8_192},
        {"url": "http://c/v1", "model": "m"},
    ]
}


@pytest.mark.parametrize(
    ("settings", "context_tokens"),
    [
        (FAST, 32_768),
        ({"provider": "vllm", "model": "m"}, None),
        (LOCAL, 8_192),
        (LOCAL | {"local": {"context_tokens": 2_048}}, 2_048),
        (POOL, 8_192),
        ({"members": [{"url": "http://c/v1", "model": "m"}]}, None),
    ],
    ids=["said", "not said", "embedded", "embedded with less", "a pool's smallest", "a pool of which nobody knows"],
)
def test_the_window_is_what_the_settings_say(settings: dict[str, Any], context_tokens: int | None) -> None:
    model = open_model("it", Settings.model_validate({"models": {"it": settings}}))
    assert isinstance(model, Windowed)
    assert model.context_tokens == context_tokens


def test_a_model_without_a_window_is_none_that_has_one() -> None:
    assert not isinstance(ScriptedModel([]), Windowed)
