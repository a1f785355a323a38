"""Having a text counted by the server that will read it."""

from typing import Any

import pytest

from mainspring import ChatModel, ScriptedModel
from mainspring.models.tokens import count_tokens
from tests.unit.models.wire import HANG, Serve, answer, refusal


async def test_llama_cpp_lists_the_tokens(serve: Serve) -> None:
    wire = await serve(answer({"tokens": [15339, 1917, 0]}))
    assert await count_tokens(ChatModel("m", base_url=wire.base_url), "hello world!") == 3
    assert [asked.path for asked in wire.asked] == ["/tokenize"]


async def test_vllm_counts_them(serve: Serve) -> None:
    wire = await serve(answer({"count": 3, "max_model_len": 4096, "tokens": [15339, 1917, 0]}))
    assert await count_tokens(ChatModel("m", base_url=wire.base_url), "hello world!") == 3


@pytest.mark.parametrize("said", [refusal("404 Not Found"), answer({}), answer(b"[]"), answer(b"<html>"), HANG])
async def test_a_server_that_does_not_count_says_nothing(
    serve: Serve, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainspring.models.tokens._DEADLINE_S", 0.2)
    wire = await serve(said)
    assert await count_tokens(ChatModel("m", base_url=wire.base_url), "hello world!") is None


async def test_a_model_without_a_server_does_not_count() -> None:
    assert await count_tokens(ScriptedModel([]), "hello world!") is None
