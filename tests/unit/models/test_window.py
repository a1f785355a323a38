"""Finding out how long a text a model takes where it is served."""

from typing import Any

import pytest

from mainspring import ChatModel
from mainspring.models.window import Window, ask_window
from tests.unit.models.wire import HANG, Serve, answer, refusal


def listed(*models: dict[str, Any]) -> bytes:
    return answer({"object": "list", "data": list(models)})


def props(n_ctx: int, slots: int) -> bytes:
    return answer({"default_generation_settings": {"n_ctx": n_ctx}, "total_slots": slots})


LLAMA_CPP = {"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx": 8192, "n_ctx_train": 8192}}


async def test_llama_cpp_says_what_a_slot_has_and_what_was_trained(serve: Serve) -> None:
    wire = await serve(listed(LLAMA_CPP), props(4096, 2))
    window = await ask_window(ChatModel("m", base_url=wire.base_url))
    assert window == Window(context_tokens=4096, slots=2, trained_tokens=8192)
    assert [asked.path for asked in wire.asked] == ["/v1/models", "/props"]


async def test_without_its_properties_llama_cpp_is_taken_at_the_word_of_its_list(serve: Serve) -> None:
    wire = await serve(listed(LLAMA_CPP), refusal("404 Not Found"))
    assert await ask_window(ChatModel("m", base_url=wire.base_url)) == Window(8192, trained_tokens=8192)


async def test_vllm_says_what_it_serves_and_is_asked_nothing_else(serve: Serve) -> None:
    wire = await serve(listed({"id": "other", "max_model_len": 1}, {"id": "m", "max_model_len": 32_768}))
    window = await ask_window(ChatModel("m", base_url=wire.base_url), trained_tokens=32_768)
    assert window == Window(context_tokens=32_768, trained_tokens=32_768)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "said", [listed({"id": "m"}), listed(), answer(b"[]"), answer(b"<html>"), refusal("404 Not Found"), HANG]
)
async def test_of_a_server_that_says_nothing_nothing_is_known(
    serve: Serve, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainspring.models.window._DEADLINE_S", 0.2)
    wire = await serve(said)
    assert await ask_window(ChatModel("m", base_url=wire.base_url)) == Window()


async def test_a_server_that_serves_less_than_it_is_taken_for_is_warned_of(serve: Serve) -> None:
    wire = await serve(listed({"id": "m", "max_model_len": 8192}))
    window = await ask_window(ChatModel("m", base_url=wire.base_url, context_tokens=32_768))
    assert window.warnings == ("it is taken for a model of 32,768 tokens (context_tokens), but it serves 8,192",)


async def test_a_server_that_serves_more_than_the_model_was_trained_on_is_warned_of(serve: Serve) -> None:
    wire = await serve(listed({"id": "m", "max_model_len": 131_072}))
    window = await ask_window(ChatModel("m", base_url=wire.base_url), trained_tokens=32_768)
    (warning,) = window.warnings
    assert "131,072 tokens of a model that was trained on 32,768" in warning
    assert "YaRN" in warning
