"""Finding out once how a model can be made to act."""

import json
from pathlib import Path

import pytest

from mainspring import ChatModel
from mainspring.core import Act
from mainspring.core.errors import ModelRefused, ModelUnavailable
from tests.unit.models.asking import TOOLS, request
from tests.unit.models.wire import Serve, Step, Wire, answer, refusal, said, tool_call

STEP = json.dumps({"thought": "", "calls": [{"tool": "weather", "arguments": {"city": "Oslo"}}]})
CALL = said(None, tool_calls=[tool_call("weather", '{"city": "Oslo"}')], finish_reason="tool_calls")
WORDS = said("hello")
NO = refusal("400 Bad Request", "not supported here")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what is found in a folder of the test's own."""
    monkeypatch.setenv("MAINSPRING_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept(cache: Path) -> list[Path]:
    return list(cache.rglob("*.json"))


def auto(wire: Wire, **settings: object) -> ChatModel:
    return ChatModel("m-1", base_url=wire.base_url, **settings)  # type: ignore[arg-type]  # as they are given


@pytest.mark.parametrize(
    ("found", "mode"),
    [
        ([said(STEP), CALL], "structured"),
        ([said(STEP), WORDS], "structured"),
        ([said('{"thought": "", "answer": "hello"}'), NO], "structured"),
        ([WORDS, CALL], "native"),
        ([NO, CALL], "native"),
        ([WORDS, WORDS, WORDS], "text"),
        ([NO, NO, WORDS], "text"),
        ([WORDS, said('```json\n{"name": "weather", "arguments": {}}\n```'), WORDS], "text"),
        ([said(STEP[:20], finish_reason="length"), CALL], "native"),
    ],
)
async def test_the_best_mode_that_works_is_taken(serve: Serve, found: list[Step], mode: str) -> None:
    act = {
        "structured": said('{"thought": "", "calls": [{"tool": "lookup", "arguments": {}}]}'),
        "native": said(None, tool_calls=[tool_call("lookup", "{}")]),
        "text": said("Action: lookup\nAction Input: {}"),
    }
    wire = await serve(*found, act[mode])
    model = auto(wire)
    reply = await model.ask(request(options=TOOLS))
    assert isinstance(reply.decision, Act)
    assert reply.decision.calls[0].name == "lookup"
    assert model.mode == mode


async def test_what_was_found_is_kept_for_other_models_and_other_processes(serve: Serve) -> None:
    wire = await serve(WORDS, CALL, *[WORDS] * 3)
    first = auto(wire)
    await first.ask(request())
    await first.ask(request())
    assert len(wire.asked) == 4
    await auto(wire).ask(request())
    assert len(wire.asked) == 5


async def test_another_model_at_the_same_server_is_probed_for_itself(serve: Serve) -> None:
    wire = await serve(WORDS, CALL, WORDS, said(STEP), CALL, said('{"answer": "hi"}'))
    await auto(wire).ask(request())
    await ChatModel("m-2", base_url=wire.base_url).ask(request())
    assert [body["model"] for body in wire.bodies] == ["m-1"] * 3 + ["m-2"] * 3


async def test_what_was_kept_and_damaged_is_found_anew(serve: Serve, cache: Path) -> None:
    wire = await serve(*[WORDS, CALL, WORDS] * 2)
    await auto(wire).ask(request())
    (path,) = kept(cache)
    path.write_text('{"version": 9}')
    await auto(wire).ask(request())
    assert len(wire.asked) == 6


async def test_a_server_that_refuses_everything_is_an_error_and_nothing_is_kept(serve: Serve, cache: Path) -> None:
    wire = await serve(*[refusal("401 Unauthorized", "wrong key")] * 3, WORDS, CALL, WORDS)
    with pytest.raises(ModelRefused, match="wrong key"):
        await auto(wire).ask(request())
    assert kept(cache) == []
    model = auto(wire)
    await model.ask(request())
    assert model.mode == "native"


async def test_a_server_that_is_not_there_is_an_error_and_nothing_is_kept(serve: Serve, cache: Path) -> None:
    wire = await serve(answer(b"", status="503 Starting"))
    with pytest.raises(ModelUnavailable):
        await auto(wire, retries=0).ask(request())
    assert kept(cache) == []


async def test_where_nothing_can_be_kept_a_model_works_all_the_same(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would be")
    wire = await serve(WORDS, CALL, WORDS, WORDS)
    model = auto(wire)
    for _ in range(2):
        await model.ask(request())
    assert len(wire.asked) == 4


async def test_probing_bounds_its_tokens_in_the_servers_own_words(serve: Serve) -> None:
    wire = await serve(WORDS, CALL, WORDS)
    await auto(wire, max_tokens_field="max_completion_tokens").ask(request())
    for body in wire.bodies[:2]:
        assert body["max_completion_tokens"] > 0
        assert "max_tokens" not in body
